import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FIRST_RECONNECT_MS, MAX_LOSSES_ELSEWHERE } from "../../src/client/reconnect-plan.ts";
import { Reconnect, SetupConnection, SetupConnectionSuccess } from "../../src/wire/common-messages.ts";
import { SubmitSharesExtended } from "../../src/wire/share-messages.ts";
import { MinerBench } from "./miner-bench.ts";
import { identityAround, type ScriptedIdentity, ScriptedPool } from "./scripted-pool.ts";

/** Another name of 127.0.0.1, so that it is another host. */
const ELSEWHERE = "localhost";

let bench: MinerBench;
let identity: ScriptedIdentity;
let other: ScriptedPool;
beforeEach(() => {
  bench = new MinerBench();
  identity = identityAround(bench.clock.nowMs());
});
afterEach(async () => {
  await bench.close();
  await other.stop();
});

/** Has the miner mine on its own pool, and that one send it on to `other`. */
async function sendOn(to: { readonly identity?: ScriptedIdentity } = { identity }): Promise<void> {
  other = await ScriptedPool.start(to);
  await bench.start({ identity });
  const end = await bench.mining();
  end.say(Reconnect, { new_host: ELSEWHERE, new_port: other.port });
  await bench.nth("disconnected");
  await end.gone;
}

describe("A miner that its pool sends on", () => {
  it("says so, mines on at the other host with its key, and counts on", async () => {
    await sendOn();
    expect(bench.all("reconnect")).toEqual([
      { event: "reconnect", host: ELSEWHERE, port: other.port, answer: "followed" },
    ]);
    expect(bench.all("disconnected")).toEqual([
      {
        event: "disconnected",
        code: "connection-lost",
        error: `the pool sends its miners on to ${ELSEWHERE}:${other.port}`,
        retryMs: FIRST_RECONNECT_MS,
      },
    ]);
    bench.clock.advance(FIRST_RECONNECT_MS);
    bench.lookAt(other);
    const end = await bench.mining();
    expect(bench.all("opened").at(-1)).toMatchObject({ host: ELSEWHERE, port: other.port });
    bench.threads[0]?.report({ nonce: 5 });
    expect((await end.expect(SubmitSharesExtended)).sequence_number).toBe(1);
    bench.accept(1);
    expect((await bench.nth("accepted")).accepted).toBe(1);
  });

  it("names the other host in its setup", async () => {
    await sendOn();
    bench.clock.advance(FIRST_RECONNECT_MS);
    const setup = await (await other.next()).expect(SetupConnection);
    expect(setup).toMatchObject({ endpoint_host: ELSEWHERE, endpoint_port: other.port });
  });

  it("follows before it has a channel", async () => {
    other = await ScriptedPool.start({ identity });
    await bench.start({ identity });
    const end = await bench.connected();
    await end.expect(SetupConnection);
    end.say(SetupConnectionSuccess, { used_version: 2, flags: 0 });
    end.say(Reconnect, { new_host: ELSEWHERE, new_port: other.port });
    await bench.nth("disconnected");
    bench.clock.advance(FIRST_RECONNECT_MS);
    bench.lookAt(other);
    await bench.mining();
    expect(bench.all("opened")).toHaveLength(1);
  });

  it("sends a host with another key nothing but the handshake, and goes back to its own", async () => {
    await sendOn({ identity: identityAround(bench.clock.nowMs()) });
    bench.clock.advance(FIRST_RECONNECT_MS);
    const end = await other.next();
    const { code, retryMs } = await bench.nth("disconnected", 2);
    expect(code).toBe("certificate-signature");
    await end.gone;
    expect(end.waiting).toBe(0);
    bench.clock.advance(retryMs);
    await bench.mining();
  });

  it("goes back to its own pool once the other was lost three times", async () => {
    await sendOn();
    await other.stop();
    for (let attempt = 1; attempt <= MAX_LOSSES_ELSEWHERE; attempt += 1) {
      bench.clock.advance((await bench.nth("disconnected", attempt)).retryMs);
    }
    const { retryMs, error } = await bench.nth("disconnected", 1 + MAX_LOSSES_ELSEWHERE);
    expect(error).toContain(`cannot connect to ${ELSEWHERE}:${other.port}`);
    bench.clock.advance(retryMs);
    await bench.mining();
  });

  it("stays where it is in plaintext, says so, and mines on there", async () => {
    other = await ScriptedPool.start();
    await bench.start();
    const end = await bench.mining();
    end.say(Reconnect, { new_host: ELSEWHERE, new_port: other.port });
    expect(await bench.nth("reconnect")).toMatchObject({ host: ELSEWHERE, answer: "unproven" });
    bench.threads[0]?.report({ nonce: 5 });
    await end.expect(SubmitSharesExtended);
    expect(bench.all("disconnected")).toEqual([]);
  });

  it("tells of a host that can be none, and mines on where it is", async () => {
    other = await ScriptedPool.start();
    await bench.start({ identity });
    const end = await bench.mining();
    end.say(Reconnect, { new_host: "\u001b[31mhost", new_port: 1 });
    expect(await bench.nth("reconnect")).toEqual({
      event: "reconnect",
      host: "\u001b[31mhost",
      port: 1,
      answer: "invalid",
    });
    bench.threads[0]?.report({ nonce: 5 });
    await end.expect(SubmitSharesExtended);
  });

  it("goes nowhere once it is to stop, and waits for its last answers", async () => {
    other = await ScriptedPool.start({ identity });
    await bench.start({ identity });
    const end = await bench.mining();
    bench.threads[0]?.report({ nonce: 5 });
    await end.expect(SubmitSharesExtended);
    bench.stop();
    end.say(Reconnect, { new_host: ELSEWHERE, new_port: other.port });
    bench.accept(1);
    expect(await bench.outcome()).toBe("done");
    expect([bench.all("reconnect"), bench.all("disconnected")]).toEqual([[], []]);
    expect(bench.all("finished")).toMatchObject([{ accepted: 1, exitCode: 0 }]);
  });
});
