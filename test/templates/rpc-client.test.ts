import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { Agent } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createMetricRegistry } from "../../src/core/metrics.ts";
import { RpcClient } from "../../src/templates/rpc-client.ts";
import { createCredentials } from "../../src/templates/rpc-credentials.ts";
import { parseRpcUrl } from "../../src/templates/rpc-endpoint.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { FakeNode } from "./rpc-fake-node.ts";

describe("a call", () => {
  let node: FakeNode;
  let folder: string;
  let cookie: string;
  let client: RpcClient;
  const metrics = createMetricRegistry();
  const end = new AbortController();
  beforeEach(async () => {
    node = await FakeNode.start();
    folder = await mkdtemp(join(tmpdir(), "adit-cookie-"));
    cookie = join(folder, ".cookie");
    await writeFile(cookie, "__cookie__:old");
    const endpoint = parseRpcUrl(node.url, "main");
    const credentials = createCredentials({ rpcCookie: cookie }, endpoint);
    client = new RpcClient({ endpoint, credentials, agent: new Agent() }, { clock: new ManualClock(), metrics });
  });
  afterEach(async () => {
    client.close();
    await node.stop();
    await rm(folder, { recursive: true });
  });

  function call(): Promise<unknown> {
    const limits = { timeoutMs: 1_000, maxAnswerBytes: 1_000, signal: end.signal };
    return client.call({ method: "getbestblockhash", params: ["a", 1], ...limits });
  }

  function cookieOf(text: string): string {
    return `Basic ${Buffer.from(`__cookie__:${text}`).toString("base64")}`;
  }

  it("sends method, parameters and cookie", async () => {
    const result = call();
    const asked = await node.next("getbestblockhash");
    expect(asked.params).toEqual(["a", 1]);
    expect(asked.authorization).toBe(cookieOf("old"));
    asked.result("ab");
    expect(await result).toBe("ab");
  });

  it("takes no answer that belongs to the one before", async () => {
    const first = call();
    (await node.next("getbestblockhash")).http(200, JSON.stringify({ result: "ab", error: null, id: 1 }));
    expect(await first).toBe("ab");
    const second = call();
    (await node.next("getbestblockhash")).http(200, JSON.stringify({ result: "ab", error: null, id: 1 }));
    await expect(second).rejects.toThrow("belongs to another request");
  });

  it("that is refused for its cookie reads the file and is repeated with the new one", async () => {
    const result = call();
    const refused = await node.next("getbestblockhash");
    await writeFile(cookie, "__cookie__:new");
    refused.http(401);
    const again = await node.next("getbestblockhash");
    expect(again.authorization).toBe(cookieOf("new"));
    again.result("ab");
    expect(await result).toBe("ab");
  });

  it("is not repeated with the same cookie", async () => {
    const result = call();
    (await node.next("getbestblockhash")).http(401);
    await expect(result).rejects.toMatchObject({
      code: "rpc-unauthorized",
      message: expect.stringContaining(`is ${cookie} the cookie file of this node?`),
    });
    expect(node.calls).toHaveLength(1);
  });

  it("is repeated once only", async () => {
    const result = call();
    for (const text of ["__cookie__:new", "__cookie__:newer"]) {
      const refused = await node.next("getbestblockhash");
      await writeFile(cookie, text);
      refused.http(401);
    }
    await expect(result).rejects.toMatchObject({ code: "rpc-unauthorized" });
  });

  it("shows no secret in an error", async () => {
    const result = call();
    (await node.next("getbestblockhash")).error(-1, "no");
    const error = await result.then(
      () => undefined,
      (caught: unknown) => caught as Error & { details: unknown },
    );
    const shown = `${error?.stack}${JSON.stringify(error)}`;
    expect(shown).toContain("getbestblockhash");
    expect(shown).not.toContain("old");
    expect(shown).not.toContain(cookieOf("old").slice(6));
  });

  it("counts what failed", async () => {
    const counter = metrics.counter({ name: "adit_rpc_failures_total", help: "" });
    const before = counter.value;
    const result = call();
    (await node.next("getbestblockhash")).http(503);
    await expect(result).rejects.toMatchObject({ code: "rpc-http-status" });
    expect(counter.value).toBe(before + 1);
  });
});
