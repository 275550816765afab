import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ANSWER_TIMEOUT_MS, SILENCE_MS } from "../../src/client/pool-connection.ts";
import { generateKeyPair, xOnlyPublicKey } from "../../src/noise/ellswift.ts";
import { SetupConnection, SetupConnectionSuccess } from "../../src/wire/common-messages.ts";
import { encodeFrame } from "../../src/wire/frame.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { until, within } from "../support/wait.ts";
import { ANSWER, Client, type ClientOptions, SETUP } from "./connecting-client.ts";
import { authorityPublicKeyOf, identityAround, type PoolEnd, ScriptedPool } from "./scripted-pool.ts";

let clock: ManualClock;
let pool: ScriptedPool | undefined;
const opened: Client[] = [];

function connect(port: number, options: ClientOptions = {}): Client {
  const client = new Client(port, clock, options);
  opened.push(client);
  return client;
}

async function start(identity?: ReturnType<typeof identityAround>): Promise<ScriptedPool> {
  pool = await ScriptedPool.start(identity === undefined ? {} : { identity });
  return pool;
}

/** A client in plaintext and the pool's end of it, which has got its first message. */
async function connected(options: ClientOptions = {}): Promise<{ client: Client; end: PoolEnd }> {
  const { port } = await start();
  const client = connect(port, options);
  const end = await (pool as ScriptedPool).next();
  await end.expect(SetupConnection);
  return { client, end };
}

/** The same, and the pool has answered. */
async function answered(options: ClientOptions = {}): Promise<{ client: Client; end: PoolEnd }> {
  const both = await connected(options);
  both.end.say(SetupConnectionSuccess, ANSWER);
  await until("the answer came", () => both.client.frames.length === 1);
  return both;
}

beforeEach(() => {
  clock = new ManualClock();
});

afterEach(async () => {
  for (const { connection } of opened.splice(0)) connection.abort(new Error("the test is over"));
  await pool?.stop();
  pool = undefined;
});

describe("A connection to a pool", () => {
  it("takes frames both ways in plaintext", async () => {
    const { client } = await answered();
    expect(client.frames).toEqual(["1 020000000000"]);
  });

  it("takes frames both ways in Noise, with the pool's key", async () => {
    const identity = identityAround(clock.nowMs());
    const { port } = await start(identity);
    const client = connect(port, { authorityPublicKey: authorityPublicKeyOf(identity) });
    const end = await (pool as ScriptedPool).next();
    expect(await end.expect(SetupConnection)).toEqual(SETUP);
    end.say(SetupConnectionSuccess, ANSWER);
    await until("the answer came", () => client.frames.length === 1);
    expect(client.frames).toEqual(["1 020000000000"]);
  });

  it("ends where the pool has another key", async () => {
    const { port } = await start(identityAround(clock.nowMs()));
    const client = connect(port, { authorityPublicKey: xOnlyPublicKey(generateKeyPair().secretKey) });
    expect((await client.end()).code).toBe("certificate-signature");
    expect(client.isReady).toBe(false);
  });

  it("ends where the pool's certificate has expired by the connection's clock", async () => {
    const identity = identityAround(clock.nowMs());
    const { port } = await start(identity);
    clock.advance(2 * 3_600_000);
    const client = connect(port, { authorityPublicKey: authorityPublicKeyOf(identity) });
    expect((await client.end()).code).toBe("certificate-expired");
  });

  it("looks at the clock when the certificate has come: some pools sign one for each handshake", async () => {
    const identity = { ...identityAround(clock.nowMs()), validFrom: Math.floor(clock.nowMs() / 1_000) + 15 };
    const { port } = await start(identity);
    const client = connect(port, { authorityPublicKey: authorityPublicKeyOf(identity) });
    clock.advance(5_000);
    await until("the handshake is over", () => client.isReady);
  });

  it("ends where nobody listens, and says what to check", async () => {
    const { port } = await start();
    await pool?.stop();
    const { code, message } = await connect(port).end();
    expect(code).toBe("connect-failed");
    expect(message).toBe(
      `cannot connect to 127.0.0.1:${port} (ECONNREFUSED): check that the pool runs, and its host and port in the URL`,
    );
  });

  it("ends where the network does not answer in time", async () => {
    const { port } = await start();
    const client = connect(port);
    clock.advance(ANSWER_TIMEOUT_MS);
    const { code, message } = await client.end();
    expect(code).toBe("connect-failed");
    expect(message).toContain(`no answer from 127.0.0.1:${port} within 10 s`);
  });

  it.each([
    ["in plaintext, and hints at encryption", undefined, "without --plaintext"],
    ["in Noise, and hints at the port", new Uint8Array(32), "check that a Stratum V2 pool listens there"],
  ])("ends where the pool takes it and says nothing, %s", async (_, authorityPublicKey, advice) => {
    const silent = createServer(() => undefined).listen(0, "127.0.0.1");
    await once(silent, "listening");
    const { port } = silent.address() as AddressInfo;
    const client = connect(port, authorityPublicKey === undefined ? {} : { authorityPublicKey });
    const [socket] = await once(silent, "connection");
    await once(socket, "data");
    clock.advance(ANSWER_TIMEOUT_MS - 1);
    expect(client.ends).toBe(0);
    clock.advance(1);
    const { code, message } = await client.end();
    expect(code).toBe("connect-failed");
    expect(message).toContain("takes connections, but did not answer within 10 s");
    expect(message).toContain(advice);
    socket.destroy();
    silent.close();
  });

  it("ends where the pool closes in the middle of the handshake", async () => {
    const closing = createServer((socket) => {
      socket.once("data", () => socket.end(Buffer.alloc(100)));
    }).listen(0, "127.0.0.1");
    await once(closing, "listening");
    const { port } = closing.address() as AddressInfo;
    const { code, message } = await connect(port, { authorityPublicKey: new Uint8Array(32) }).end();
    expect(code).toBe("connect-failed");
    expect(message).toBe(
      `127.0.0.1:${port} closed the connection during the handshake: ` +
        "check that a Stratum V2 pool listens there, and its port in the URL",
    );
    closing.close();
  });

  it("ends where the pool closes in place of an answer, as one does that wants no plaintext", async () => {
    const { client, end } = await connected();
    end.socket.end();
    const { code, message } = await client.end();
    expect(code).toBe("connect-failed");
    expect(message).toContain(
      "closed the connection without an answer: check that a pool listens there and takes plaintext",
    );
  });

  it.each(["end", "resetAndDestroy"] as const)("ends when it is lost later, by %s", async (how) => {
    const { client, end } = await answered();
    end.socket[how]();
    const { code, message } = await client.end();
    expect(code).toBe("connection-lost");
    expect(message).toMatch(/^lost the connection to 127\.0\.0\.1:\d+: (the pool closed it|ECONNRESET)$/);
    expect(client.ends).toBe(1);
  });

  it("ends when the pool is silent for 180 s, also where it is sent shares all the time", async () => {
    const { client, end } = await answered();
    for (let seconds = 0; seconds < 179; seconds += 1) {
      clock.advance(1_000);
      client.connection.send(encodeFrame(SetupConnection, SETUP));
    }
    await end.expect(SetupConnection);
    clock.advance(999);
    expect(client.ends).toBe(0);
    clock.advance(1);
    expect((await client.end()).code).toBe("pool-silent");
  });

  it("lasts as long as the pool says something each time before 180 s are over", async () => {
    const { client, end } = await answered();
    for (let round = 2; round <= 5; round += 1) {
      clock.advance(SILENCE_MS - 1);
      end.say(SetupConnectionSuccess, ANSWER);
      await until("the frame came", () => client.frames.length === round);
    }
    expect(client.ends).toBe(0);
    clock.advance(SILENCE_MS);
    expect((await client.end()).code).toBe("pool-silent");
  });

  it("ends where what comes is no Stratum V2", async () => {
    const { client, end } = await connected();
    end.socket.write("HTTP/1.1 400 Bad Request\r\n\r\n");
    const { code, message } = await client.end();
    expect(code).toBe("unexpected-message");
    expect(message).toContain("did not answer with Stratum V2 in plaintext");
  });

  it("ends where a pool breaks the protocol later", async () => {
    const { client, end } = await answered();
    end.socket.write(Buffer.from("000001ffffff", "hex"));
    const { code, message } = await client.end();
    expect(code).toBe("unexpected-message");
    expect(message).toMatch(/^127\.0\.0\.1:\d+ broke the protocol \(frame-too-long\): /);
  });

  it.each(["onReady", "onFrame"] as const)("ends with what its user throws in %s", async (event) => {
    const { port } = await start();
    const client = connect(port, {
      [event]: () => {
        throw new RangeError("this is not liked");
      },
    });
    const end = await (pool as ScriptedPool).next();
    end.say(SetupConnectionSuccess, ANSWER);
    expect(await client.end()).toEqual({ code: undefined, message: "this is not liked" });
  });

  it("delivers nothing and tells nothing after it was closed, and sends what was given before", async () => {
    const { client, end } = await answered();
    client.connection.send(encodeFrame(SetupConnection, { ...SETUP, vendor: "last" }));
    client.connection.close();
    client.connection.send(encodeFrame(SetupConnection, { ...SETUP, vendor: "too late" }));
    end.say(SetupConnectionSuccess, ANSWER);
    expect((await end.expect(SetupConnection)).vendor).toBe("last");
    await within(end.gone, "the client's close");
    end.socket.end();
    expect([client.frames.length, client.ends, end.waiting, clock.pending]).toEqual([1, 0, 0, 0]);
  });

  it("delivers no frame that came along with the one at which its user ended it", async () => {
    const { client, end } = await connected({ onFrame: () => client.connection.abort(new Error("enough")) });
    const frame = encodeFrame(SetupConnectionSuccess, ANSWER);
    end.socket.write(Buffer.concat([frame, frame]));
    expect((await client.end()).message).toBe("enough");
    expect(client.frames.length).toBe(1);
  });

  it("ends once, with the first reason", async () => {
    const { client } = await answered();
    client.connection.abort(new Error("first"));
    client.connection.abort(new Error("second"));
    expect((await client.end()).message).toBe("first");
    expect(client.ends).toBe(1);
  });

  it("leaves no timer behind when it ends", async () => {
    const { client, end } = await answered();
    expect(clock.pending).toBe(1);
    end.socket.end();
    await client.end();
    expect(clock.pending).toBe(0);
  });
});
