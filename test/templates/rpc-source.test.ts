import { describe, expect, it } from "vitest";
import { plainTransaction, printed, TIP_A } from "./rpc-gbt.ts";
import { POLL_MS, REFRESH_MS, SourceBench } from "./rpc-source-bench.ts";

describe("a source over JSON-RPC", () => {
  it("asks for the chain, then for a template, delivers that and is ready", async () => {
    const bench = await SourceBench.create();
    const { source, recorder, node } = bench;
    await source.start(recorder);
    expect(recorder.order).toEqual(["template 1 tip", "ready"]);
    const { template, newTip } = await recorder.template();
    expect(newTip).toBe(true);
    expect(template).toMatchObject({ templateId: 1, source: `rpc:${node.url}`, height: 101 });
    expect(template.receivedAtMs).toBe(bench.clock.nowMs());
    expect(printed(template.prevHash)).toBe(TIP_A);
    expect(node.calls.slice(0, 2)).toEqual(["getblockchaininfo", "getblocktemplate"]);
  });

  it("refreshes its template for fees each 30 s, and not before", async () => {
    const bench = await SourceBench.create();
    const { recorder, clock } = bench;
    await bench.start();
    await bench.poll(REFRESH_MS - 1);
    await clock.waiting(POLL_MS);
    expect(recorder.templates.left).toEqual([]);
    clock.advance(POLL_MS);
    const { template, newTip } = await recorder.template();
    expect([template.templateId, newTip]).toEqual([2, false]);
    expect(recorder.order).toEqual(["template 1 tip", "ready", "template 2"]);
  });

  it("counts templates and tips, and shows whether it is ready", async () => {
    const bench = await SourceBench.create();
    const { metrics, source, recorder } = bench;
    await bench.start();
    await bench.poll(REFRESH_MS);
    await recorder.template();
    const labels = { source: source.name };
    const value = (name: string): number => metrics.counter({ name, help: "", labels }).value;
    expect([value("adit_templates_total"), value("adit_template_tips_total")]).toEqual([2, 1]);
    expect(value("adit_template_source_ready")).toBe(1);
    await bench.node.stop();
    await recorder.unavailable();
    expect([value("adit_template_source_ready"), value("adit_template_faults_total")]).toEqual([0, 1]);
  });

  it("says once that a template leaves no room for a coinbase, and again after one that did", async () => {
    const bench = await SourceBench.create();
    const { node, recorder, logged } = bench;
    const said = (): string[] => logged.filter((line) => line.startsWith("warn"));
    const answers = [3_998_001, 3_998_001, 3_998_000, 3_998_001].map((weight) => {
      const transactions = [{ ...plainTransaction(), fee: 7, weight }];
      return bench.template({ transactions });
    });
    node.standing.set("getblocktemplate", (call) => call.result(answers.shift()));
    await bench.start();
    expect(said()).toEqual([
      expect.stringMatching(/leaves no room.*"code":"no-room-for-coinbase","leftOut":1,"height":101/),
    ]);
    for (const lines of [1, 1, 2]) {
      await bench.poll(REFRESH_MS);
      await recorder.template();
      expect(said()).toHaveLength(lines);
    }
  });

  it("goes on where its listener throws, and logs that", async () => {
    const bench = await SourceBench.create();
    const { source, recorder } = bench;
    const failing = {
      onTemplate: (): void => {
        throw new Error("listener's own");
      },
      onState: recorder.onState.bind(recorder),
    };
    await source.start(failing);
    await recorder.ready();
    expect(bench.logged.join("\n")).toContain("listener's own");
  });

  it("writes no password into its name or any log line", async () => {
    const url = (plain: string): string => plain.replace("http://", "http://alice:s3cret@");
    const bench = await SourceBench.create((plain) => ({ rpcUrl: url(plain), rpcUser: "", rpcPassword: "" }));
    const { source, recorder, node } = bench;
    node.standing.set("getblocktemplate", (call) => {
      expect(call.authorization).toBe(`Basic ${Buffer.from("alice:s3cret").toString("base64")}`);
      call.http(401);
    });
    await source.start(recorder);
    expect(await recorder.unavailable()).toContain("check the user and password in rpc_url");
    expect(source.name).toBe(`rpc:${node.url}`);
    expect(bench.logged.join("\n")).toContain("template source unavailable");
    expect(bench.logged.join("\n")).not.toMatch(/s3cret|alice|YWxpY2U/);
  });
});
