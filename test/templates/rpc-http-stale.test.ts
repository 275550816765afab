import { Agent } from "node:http";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parseRpcUrl } from "../../src/templates/rpc-endpoint.ts";
import { type HttpAnswer, postOnce } from "../../src/templates/rpc-http.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { FakeNode } from "./rpc-fake-node.ts";

describe("a kept connection", () => {
  let node: FakeNode;
  let agent: Agent;
  const clock = new ManualClock();
  beforeEach(async () => {
    node = await FakeNode.start();
    agent = new Agent({ keepAlive: true });
  });
  afterEach(async () => {
    agent.destroy();
    await node.stop();
  });

  function post(): Promise<HttpAnswer> {
    const answer = postOnce({
      endpoint: parseRpcUrl(node.url, "main"),
      agent,
      authorization: undefined,
      body: JSON.stringify({ method: "x", params: [], id: 1 }),
      timeoutMs: 10_000,
      maxAnswerBytes: 1_000,
      signal: new AbortController().signal,
      clock,
    });
    answer.catch(() => undefined);
    return answer;
  }

  /** Leaves so many connections open and unused. */
  async function keep(count: number): Promise<void> {
    const answers = Array.from({ length: count }, () => post());
    const calls = [];
    for (const _ of answers) calls.push(await node.next("x"));
    for (const call of calls) call.http(200);
    await Promise.all(answers);
  }

  it("that breaks within an answer is a fault: the node has done what it was asked", async () => {
    await keep(1);
    const answer = post();
    const call = await node.next("x");
    await new Promise<void>((resolve) =>
      call.response.writeHead(200, { "content-length": 10 }).write("1", () => resolve()),
    );
    await new Promise((resolve) => setImmediate(resolve));
    call.cut();
    await expect(answer).rejects.toMatchObject({ code: "rpc-unreachable" });
    expect(node.calls).toHaveLength(2);
  });

  it("costs one more try, and no third where the next one was closed as well", async () => {
    await keep(2);
    const answer = post();
    (await node.next("x")).cut();
    (await node.next("x")).cut();
    await expect(answer).rejects.toMatchObject({
      code: "rpc-unreachable",
      message: `the node at ${node.url} cannot be reached (it closes every connection)`,
    });
    expect(node.calls).toHaveLength(4);
    expect(clock.pending).toBe(0);
  });

  it("on which the answer is late is a fault like any other, and nothing is sent again", async () => {
    await keep(1);
    const answer = post();
    const call = await node.next("x");
    clock.advance(10_000);
    await expect(answer).rejects.toMatchObject({ code: "rpc-timeout" });
    await call.gone();
    expect(node.calls).toHaveLength(2);
  });
});
