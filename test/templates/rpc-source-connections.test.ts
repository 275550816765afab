import { beforeEach, describe, expect, it } from "vitest";
import { nextTurn, within } from "../support/wait.ts";
import type { FakeCall } from "./rpc-fake-node.ts";
import { TIP_B } from "./rpc-gbt.ts";
import { POLL_MS, REFRESH_MS, SourceBench } from "./rpc-source-bench.ts";

const BLOCK = Uint8Array.of(1, 2, 3);

let bench: SourceBench;
/** All calls in order, those with a standing answer too. */
let calls: FakeCall[];
beforeEach(async () => {
  bench = await SourceBench.create();
  calls = [];
  for (const [name, answer] of bench.node.standing) {
    bench.node.standing.set(name, (call) => {
      calls.push(call);
      answer(call);
    });
  }
});

function portsOf(some: readonly FakeCall[]): number {
  return new Set(some.map(({ remotePort }) => remotePort)).size;
}

describe("a source's connections", () => {
  it("are two, kept: one for all short calls, and one for all longpolls", async () => {
    let longpoll = await bench.start();
    const longpolls = [longpoll];
    for (let round = 0; round < 3; round += 1) {
      await bench.poll(REFRESH_MS);
      await bench.recorder.template();
      longpoll.result(bench.template({ longpollid: `fees ${round}` }));
      longpoll = await bench.node.next("longpoll");
      longpolls.push(longpoll);
    }
    expect(calls.length).toBeGreaterThan(6);
    expect([portsOf(calls), portsOf(longpolls), portsOf([...calls, ...longpolls])]).toEqual([1, 1, 2]);
  });

  it("are new for each block: none was kept that may be closed by now", async () => {
    const submitted: FakeCall[] = [];
    bench.node.standing.set("submitblock", (call) => {
      submitted.push(call);
      call.result("inconclusive");
    });
    for (let block = 0; block < 3; block += 1) await bench.blocks.submitBlock(BLOCK);
    expect(portsOf(submitted)).toBe(3);
    for (const call of submitted) await call.gone();
  });

  it("are all closed when it stops", async () => {
    const longpoll = await bench.start();
    longpoll.result(bench.template());
    // Between one longpoll and the next, and between two polls.
    await bench.clock.waiting(1_000);
    await bench.clock.waiting(POLL_MS);
    await bench.source.stop();
    for (const call of [...calls, longpoll]) await call.gone();
  });

  it("cause no warning of a leak, however many blocks are under way and however often it asks", async () => {
    const warnings: string[] = [];
    const listener = ({ message }: Error): void => void warnings.push(message);
    process.on("warning", listener);
    try {
      const longpoll = await bench.start();
      const results = Array.from({ length: 12 }, () => bench.blocks.submitBlock(BLOCK));
      for (let block = 0; block < 12; block += 1) (await bench.node.next("submitblock")).result("inconclusive");
      await Promise.all(results);
      for (let refresh = 0; refresh < 12; refresh += 1) {
        await bench.poll(REFRESH_MS);
        await bench.recorder.template();
      }
      for (let period = 0; period < 12; period += 1) {
        bench.node.standing.set("getbestblockhash", (call) => call.http(503));
        await bench.poll(11_000);
        await bench.recorder.unavailable();
        bench.answerAll();
        await bench.retry();
        await bench.recorder.ready();
      }
      await longpoll.gone();
      await nextTurn();
      expect(warnings).toEqual([]);
    } finally {
      process.off("warning", listener);
    }
  });
});

describe("a longpoll that breaks again and again", () => {
  it("is sent after waits that double up to 30 s, and soon again after one that was answered", async () => {
    // No poll and no refresh comes by itself.
    const neverMs = 3_000_000;
    bench = await SourceBench.create({ pollIntervalMs: neverMs, refreshMs: neverMs });
    const { node, clock } = bench;
    node.standing.set("longpoll", (call) => call.http(504));
    await bench.source.start(bench.recorder);
    let sent = 1;
    // Half of each step, since chance adds nothing here.
    for (const waitMs of [125, 250, 500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000]) {
      await clock.waiting(waitMs);
      await clock.waiting(neverMs);
      clock.advance(waitMs - 1);
      expect(node.calls.filter((name) => name === "longpoll")).toHaveLength(sent);
      clock.advance(1);
      sent += 1;
    }
    await clock.waiting(15_000);
    await clock.waiting(neverMs);
    node.standing.delete("longpoll");
    clock.advance(15_000);
    (await node.next("longpoll")).result(bench.template());
    await clock.waiting(1_000);
    node.standing.set("longpoll", (call) => call.http(504));
    clock.advance(1_000);
    await clock.waiting(125);
    expect(bench.recorder.order).not.toContain("unavailable");
  });
});

describe("a template", () => {
  it("is asked for four times where it never stands on the tip, and then no more", async () => {
    const { node, recorder } = bench;
    await bench.start();
    const before = node.calls.filter((name) => name === "getblocktemplate").length;
    node.standing.set("getblocktemplate", (call) => call.result(bench.template({ previousblockhash: TIP_B })));
    bench.chain.tip = "0d".repeat(32);
    await bench.poll();
    expect(await recorder.unavailable()).toContain("is not here yet");
    expect(await recorder.unavailable()).toContain("do not stand on its tip");
    expect(node.calls.filter((name) => name === "getblocktemplate").length - before).toBe(4);
  });

  it("that a longpoll brought before a fault is not taken for new after it", async () => {
    const { node, recorder } = bench;
    const longpoll = await bench.start();
    node.standing.delete("getbestblockhash");
    await bench.poll();
    const poll = await node.next("getbestblockhash");
    longpoll.result(bench.template({ longpollid: "before", coinbasevalue: 5_000_000_000 }));
    // The source has read the longpoll's answer when it sends the next.
    await node.next("longpoll");
    poll.http(503);
    await recorder.unavailable();
    bench.answerAll();
    node.standing.set("getblocktemplate", (call) => call.result(bench.template({ coinbasevalue: 4_000_000_000 })));
    await bench.retry();
    expect((await recorder.template()).template.coinbaseValue).toBe(4_000_000_000n);
  });
});

describe("a node that offers no longpoll", () => {
  it("is asked for its template once, and then for its best block alone", async () => {
    const { node, recorder, clock } = bench;
    node.standing.set("getblocktemplate", (call) => call.result(bench.template({ longpollid: undefined })));
    await bench.source.start(recorder);
    for (let poll = 0; poll < 3; poll += 1) await bench.poll();
    await clock.waiting(POLL_MS);
    const poll = "getbestblockhash";
    expect(node.calls).toEqual(["getblockchaininfo", "getblocktemplate", poll, poll, poll]);
  });
});

describe("a template that a longpoll brings late", () => {
  it("for another block of the tip's height is not delivered: the node's word on its tip counts", async () => {
    const { recorder, clock } = bench;
    const longpoll = await bench.start();
    const sibling = bench.template({ previousblockhash: TIP_B, longpollid: "late" });
    await clock.waiting(POLL_MS);
    longpoll.result(sibling);
    // The wait before the next longpoll: this one has been looked at.
    await clock.waiting(1_000);
    await clock.waiting(POLL_MS);
    expect(recorder.order).toEqual(["template 1 tip", "ready"]);
  });
});

describe("a node whose best block is no hash", () => {
  it.each(["nonsense", "0A".repeat(32), `${"0a".repeat(32)}0`, `0a\n${"0a".repeat(31)}`, 7, null])(
    "but %j is unavailable",
    async (word) => {
      await bench.start();
      bench.node.standing.set("getbestblockhash", (call) => call.result(word));
      await bench.poll();
      expect(await bench.recorder.unavailable()).toBe(`the node at ${bench.node.url} names no block as its best`);
    },
  );
});

it("a listener that stops the source is told nothing after that", async () => {
  const { source, recorder } = bench;
  let stopped: Promise<void> | undefined;
  await within(
    source.start({
      onTemplate: (template, newTip) => {
        recorder.onTemplate(template, newTip);
        stopped = source.stop();
      },
      onState: recorder.onState.bind(recorder),
    }),
    "the start that ends in a stop",
  );
  await stopped;
  expect(recorder.order).toEqual(["template 1 tip"]);
});

describe("an error of the pool itself", () => {
  it("is logged with where it came from, is a reason, and is got over like every other fault", async () => {
    let isFirst = true;
    bench = await SourceBench.create({
      random: () => {
        if (isFirst) {
          isFirst = false;
          throw new RangeError("no chance");
        }
        return 0;
      },
    });
    const longpoll = await bench.start();
    longpoll.http(504);
    expect(await bench.recorder.states.next("the fault")).toEqual({
      kind: "unavailable",
      reason: "an error of the pool itself: RangeError: no chance",
      code: "internal-error",
    });
    expect(bench.logged.join("\n")).toMatch(/error template source failed by an error of its own .*no chance.* at /);
    await bench.retry();
    await bench.recorder.ready();
  });
});
