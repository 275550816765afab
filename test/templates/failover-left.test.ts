import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { createMetricRegistry } from "../../src/core/metrics.ts";
import { FailoverSource, type NodeSource } from "../../src/templates/failover-source.ts";
import { NodeWatch } from "../../src/templates/node-watch.ts";
import type { Template } from "../../src/templates/template.ts";
import type { SourceState, TemplateListener } from "../../src/templates/template-source.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { RecordingLogger } from "../support/recording-logger.ts";
import { nextTurn, until } from "../support/wait.ts";
import { ChainNode } from "./failover-bench.ts";
import { Recorder } from "./rpc-waiting.ts";

/** A source that says what the test has it say, also when it was stopped. */
class ToldSource implements NodeSource {
  readonly name = "told";
  #listener: TemplateListener | undefined;
  stopped = false;
  /** It ends: by itself, or with an error. */
  end: () => void = () => undefined;
  fail: (error: Error) => void = () => undefined;

  start(listener: TemplateListener): Promise<void> {
    this.#listener = listener;
    return new Promise((resolve, reject) => {
      this.end = resolve;
      this.fail = reject;
    });
  }
  async stop(): Promise<void> {
    this.stopped = true;
  }
  hint(): void {}

  template(tip: number): void {
    this.#listener?.onTemplate(templateOn(tip), true);
  }
  state(state: SourceState): void {
    this.#listener?.onState(state);
  }
}

function templateOn(tip: number): Template {
  return {
    templateId: 77,
    source: "told",
    height: 101,
    prevHash: new Uint8Array(32).fill(tip),
    version: 0x20000000,
    bits: 0x207fffff,
    curTime: 0,
    minTime: 0,
    coinbaseValue: 0n,
    witnessCommitment: undefined,
    transactions: [],
    merklePath: [],
    receivedAtMs: 0,
  };
}

const FAILED = { kind: "unavailable", reason: "it failed", code: "rpc-error" } as const;

describe("a source over several nodes", () => {
  let nodes: readonly ChainNode[];
  /** In the order in which they were made. */
  let sources: ToldSource[];
  let logger: RecordingLogger;
  let recorder: Recorder;
  let first: ToldSource;
  let failover: FailoverSource;
  let clock: ManualClock;

  beforeEach(async () => {
    nodes = await Promise.all([ChainNode.start(), ChainNode.start()]);
    sources = [];
    logger = new RecordingLogger();
    recorder = new Recorder();
    clock = new ManualClock();
    const members = nodes.map(({ node }) => ({
      watch: new NodeWatch({ rpcUrl: node.url, network: "regtest" }, { clock, metrics: createMetricRegistry() }),
      createSource: (): ToldSource => {
        const source = new ToldSource();
        sources.push(source);
        return source;
      },
    }));
    failover = new FailoverSource({ nodes: members, network: "regtest" }, { logger, clock });
    onTestFinished(async () => {
      for (const source of sources) source.end();
      await failover.stop();
      await Promise.all(nodes.map(({ node }) => node.stop()));
    });
    const started = failover.start(recorder);
    await until("one is followed", () => sources.length === 1);
    first = sources[0] as ToldSource;
    first.template(1);
    first.state({ kind: "ready" });
    await started;
  });

  it("tells nothing of a source that was left, though that goes on", async () => {
    first.state(FAILED);
    expect([sources.length, first.stopped]).toEqual([2, true]);
    const before = [...recorder.order];
    first.template(2);
    first.state({ kind: "ready" });
    first.state({ kind: "unavailable", reason: "it failed again", code: "rpc-error" });
    await nextTurn();
    expect(recorder.order).toEqual(before);
    expect(sources).toHaveLength(2);
  });

  it("tells nothing of the fault with which a source ends that was left", async () => {
    first.state(FAILED);
    const before = [...recorder.order];
    first.fail(new Error("it ended late"));
    await nextTurn();
    expect(recorder.order).toEqual(before);
    expect(sources).toHaveLength(2);
  });

  it("tells nothing any more once it is stopped", async () => {
    const before = [...recorder.order];
    first.end();
    await failover.stop();
    first.template(2);
    first.state(FAILED);
    expect(recorder.order).toEqual(before);
    expect(sources).toHaveLength(1);
  });

  it("starts a source that ended by itself anew once its node answers, and not before", async () => {
    const answers = nodes.map(({ node }) => node.standing.get("getblockchaininfo"));
    for (const { node } of nodes) node.standing.set("getblockchaininfo", (call) => call.http(503));
    const passUntil = (what: string, isSo: () => boolean): Promise<void> =>
      until(what, () => {
        clock.advance(500);
        return isSo();
      });
    await passUntil("both are seen to fail", () => failover.nodes.every(({ state }) => state === "failing"));
    first.fail(new Error("it ended"));
    const [{ node }] = nodes as [ChainNode];
    const looks = node.calls.length;
    await passUntil("it is looked at three times", () => node.calls.length >= looks + 3);
    expect(sources).toHaveLength(1);
    const [answer] = answers;
    if (answer !== undefined) node.standing.set("getblockchaininfo", answer);
    await passUntil("it is started", () => sources.length === 2);
  });

  it("gives one row of templates: ids rise, and a tip is new only once", () => {
    first.template(1);
    first.state(FAILED);
    sources[1]?.template(1);
    sources[1]?.state({ kind: "ready" });
    sources[1]?.template(2);
    expect(recorder.order).toEqual([
      "template 1 tip",
      "ready",
      "template 2",
      "unavailable",
      "unavailable",
      "template 3",
      "ready",
      "template 4 tip",
    ]);
  });

  it("says where templates are to come from while there is none of the next node yet", async () => {
    first.state(FAILED);
    const states = [await recorder.states.next("ready"), await recorder.states.next("the fault")];
    expect(states).toEqual([{ kind: "ready" }, FAILED]);
    expect(await recorder.unavailable()).toBe(`templates are to come from ${nodes[1]?.name} now, since it failed`);
  });

  it("tells a state once", () => {
    first.state({ kind: "ready" });
    expect(recorder.order).toEqual(["template 1 tip", "ready"]);
  });

  it.each([undefined, "template-stale"])("stays with a source that is late (%s), for now", (code) => {
    first.state({ kind: "unavailable", reason: "its tip is new", code });
    expect([sources.length, first.stopped]).toEqual([1, false]);
    expect(recorder.order.at(-1)).toBe("unavailable");
  });

  it("looks at a node at once when its source fails", async () => {
    const { calls } = (nodes[0] as ChainNode).node;
    const before = calls.length;
    first.state(FAILED);
    await until("it is looked at", () => calls.length > before);
  });
});
