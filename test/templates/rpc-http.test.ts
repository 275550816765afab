import { Agent } from "node:http";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parseRpcUrl } from "../../src/templates/rpc-endpoint.ts";
import { type HttpPost, postOnce } from "../../src/templates/rpc-http.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { FakeNode } from "./rpc-fake-node.ts";

const BODY = JSON.stringify({ method: "x", params: [], id: 1 });

describe("a request to the node", () => {
  let node: FakeNode;
  let agent: Agent;
  let clock: ManualClock;
  let end: AbortController;
  beforeEach(async () => {
    node = await FakeNode.start();
    agent = new Agent({ keepAlive: true });
    clock = new ManualClock();
    end = new AbortController();
  });
  afterEach(async () => {
    agent.destroy();
    await node.stop();
  });

  function post(changes: Partial<HttpPost> = {}): ReturnType<typeof postOnce> {
    return postOnce({
      endpoint: parseRpcUrl(node.url, "main"),
      agent,
      authorization: "Basic abc",
      body: BODY,
      timeoutMs: 10_000,
      maxAnswerBytes: 1_000,
      signal: end.signal,
      clock,
      ...changes,
    });
  }

  it("brings status and body, and leaves no timer", async () => {
    const answer = post();
    const call = await node.next("x");
    expect(call.authorization).toBe("Basic abc");
    call.http(503, "busy");
    expect(await answer).toEqual({ status: 503, body: Buffer.from("busy") });
    expect(clock.pending).toBe(0);
  });

  it("keeps its connection for the next one", async () => {
    const first = post();
    const one = await node.next("x");
    one.http(200);
    await first;
    const second = post();
    const two = await node.next("x");
    two.http(200);
    await second;
    expect(two.remotePort).toBe(one.remotePort);
  });

  it("is sent again where the kept connection turns out to be closed", async () => {
    const first = post();
    (await node.next("x")).http(200);
    await first;
    const second = post();
    (await node.next("x")).cut();
    const again = await node.next("x");
    again.http(200, "late");
    expect((await second).body.toString()).toBe("late");
  });

  it("is not sent again where a new connection breaks", async () => {
    const answer = post();
    (await node.next("x")).cut();
    await expect(answer).rejects.toMatchObject({
      code: "rpc-unreachable",
      message: expect.stringContaining("ECONNRESET"),
    });
    expect(clock.pending).toBe(0);
  });

  it("fails where nobody listens", async () => {
    await node.stop();
    await expect(post()).rejects.toMatchObject({
      code: "rpc-unreachable",
      message: `the node at ${node.url} cannot be reached (ECONNREFUSED)`,
    });
    await node.listen(0);
  });

  it("fails where the answer breaks off", async () => {
    const answer = post();
    const call = await node.next("x");
    call.response.writeHead(200, { "content-length": 10 }).write("12345");
    call.response.once("drain", () => undefined);
    setImmediate(() => call.cut());
    await expect(answer).rejects.toMatchObject({ code: "rpc-unreachable" });
  });

  it("has a deadline for the answer's beginning", async () => {
    const answer = post();
    const call = await node.next("x");
    clock.advance(9_999);
    clock.advance(1);
    await expect(answer).rejects.toMatchObject({
      code: "rpc-timeout",
      message: `the node at ${node.url} has not answered within 10 s`,
    });
    await call.gone();
  });

  it("has a deadline for the answer's end", async () => {
    const answer = post({ timeoutMs: 1_500 });
    const call = await node.next("x");
    await new Promise<void>((resolve) => call.response.writeHead(200).write("1", () => resolve()));
    clock.advance(1_500);
    await expect(answer).rejects.toMatchObject({ code: "rpc-timeout" });
    await call.gone();
  });

  it("is ended by its signal, also within an answer, and not begun after it", async () => {
    const answer = post();
    const call = await node.next("x");
    await new Promise<void>((resolve) => call.response.writeHead(200).write("1", () => resolve()));
    end.abort();
    await expect(answer).rejects.toMatchObject({ code: "rpc-stopped" });
    await call.gone();
    await expect(post()).rejects.toMatchObject({ code: "rpc-stopped" });
    expect(node.calls).toEqual(["x"]);
    expect(clock.pending).toBe(0);
  });

  it("leaves no listener at its signal", async () => {
    const signal = { aborted: false, added: 0, removed: 0 };
    const watched = {
      get aborted() {
        return signal.aborted;
      },
      addEventListener: () => {
        signal.added += 1;
      },
      removeEventListener: () => {
        signal.removed += 1;
      },
    };
    const answer = post({ signal: watched as unknown as AbortSignal });
    (await node.next("x")).http(200);
    await answer;
    expect([signal.added, signal.removed]).toEqual([1, 1]);
  });

  it.each(["with", "without"])(
    "takes an answer of the largest size and none above, %s its length named",
    async (named) => {
      for (const [size, fits] of [
        [1_000, true],
        [1_001, false],
      ] as const) {
        const answer = post();
        const call = await node.next("x");
        if (named === "with") call.response.setHeader("content-length", size);
        call.response.writeHead(200).write("y".repeat(size));
        if (named === "with" || fits) call.response.end();
        if (fits) expect((await answer).body.length).toBe(size);
        else {
          await expect(answer).rejects.toMatchObject({ code: "rpc-answer-too-large" });
          await call.gone();
        }
      }
    },
  );

  it("refuses a named length that is too large before a byte of it came", async () => {
    const answer = post();
    const call = await node.next("x");
    call.response.writeHead(200, { "content-length": 1_001 }).flushHeaders();
    await expect(answer).rejects.toMatchObject({ code: "rpc-answer-too-large" });
  });
});
