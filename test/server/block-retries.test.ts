import { beforeEach, describe, expect, it } from "vitest";
import { nextTurn, within } from "../support/wait.ts";
import {
  ACCEPTED,
  BlockBench,
  blockFound,
  FAILED,
  HASH,
  INCONCLUSIVE,
  REFUSED,
  SILENT,
  unknown,
} from "./block-bench.ts";
import type { HeldSource } from "./held-source.ts";

const DAY_MS = 86_400_000;

let bench: BlockBench;
beforeEach(() => {
  bench = new BlockBench();
});

const tries = (node: HeldSource = bench.near): number => node.submissions.length;

describe("a block that nobody answered for", () => {
  it("is tried again, with waits that double up to ten seconds", async () => {
    bench.submitter.submit(blockFound());
    const waits = [250, 500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000];
    for (const [index, waitMs] of waits.entries()) {
      await bench.answer(bench.near, FAILED);
      await bench.pass(waitMs - 1);
      expect(tries()).toBe(index + 1);
      await bench.pass(1);
      expect(tries()).toBe(index + 2);
    }
    expect(bench.near.submissions.every(({ block }) => block.length === 100)).toBe(true);
    const told = bench.logger.lines.filter(({ message }) => message === "block not delivered, trying again");
    expect(told.map(({ context }) => context.waitMs)).toEqual(waits);
    expect(told[0]).toEqual({
      level: "warn",
      message: "block not delivered, trying again",
      context: { height: 900_001, hash: HASH, node: "near", reason: "the node does not answer", waitMs: 250 },
    });
    await bench.answer(bench.near, ACCEPTED);
    expect(bench.logger.of("block accepted")).toHaveLength(1);
    await bench.pass(60_000);
    expect(tries()).toBe(waits.length + 1);
  });

  it("goes to each node in its own time", async () => {
    bench = new BlockBench({ nodes: 2 });
    bench.submitter.submit(blockFound());
    await bench.answer(bench.near, FAILED);
    await bench.pass(250);
    await bench.answer(bench.near, FAILED);
    await bench.answer(bench.far, FAILED);
    await bench.pass(250);
    expect([tries(bench.near), tries(bench.far)]).toEqual([2, 2]);
    await bench.pass(250);
    expect([tries(bench.near), tries(bench.far)]).toEqual([3, 2]);
  });

  it("is tried as long as the pool runs; from the ninth try on one in six is said", async () => {
    bench.submitter.submit(blockFound());
    const untilMs = bench.clock.monotonicMs() + DAY_MS;
    const foundMs = bench.clock.monotonicMs();
    while (bench.clock.monotonicMs() < untilMs) {
      const before = tries();
      await bench.answer(bench.near, FAILED);
      await bench.pass(10_000);
      expect(tries()).toBe(before + 1);
    }
    expect(bench.clock.monotonicMs() - foundMs).toBe(DAY_MS);
    const failed = tries() - 1;
    expect(bench.logger.of("block not delivered, trying again")).toHaveLength(8 + Math.floor((failed - 6) / 6));
    await bench.answer(bench.near, ACCEPTED);
    await bench.recordsEnd();
    expect(bench.fates).toEqual(["submitted", "accepted"]);
  });
});

describe("a block that another node has accepted", () => {
  /** When it was said that the far node does not get the block, in seconds since it was found, and how. */
  let said: [number, string][];

  async function failFor(seconds: number): Promise<void> {
    const { clock, logger, far } = bench;
    const fromMs = clock.monotonicMs();
    while (clock.monotonicMs() - fromMs < 1000 * seconds) {
      await bench.answer(far, FAILED);
      const lines = logger.lines.filter(({ message }) => message === "block not delivered, trying again");
      const atSeconds = clock.monotonicMs() / 1000 - 5;
      for (const { level } of lines.slice(said.length)) said.push([atSeconds, level]);
      await bench.pass(250);
    }
  }

  beforeEach(() => {
    said = [];
    bench = new BlockBench({ nodes: 2 });
    bench.submitter.submit(blockFound());
  });

  it("is said once a minute of the node that is down, without a warning", async () => {
    await bench.answer(bench.near, ACCEPTED);
    await failFor(200);
    expect(said.map(([, level]) => level)).toEqual(["info", "info", "info", "info"]);
    const waits = said.slice(1).map(([seconds], index) => seconds - (said[index]?.[0] ?? 0));
    expect(waits.every((seconds) => seconds >= 60 && seconds < 70)).toBe(true);
  });

  it("was loud until then", async () => {
    await failFor(1);
    expect(said).toEqual([
      [0, "warn"],
      [0.25, "warn"],
      [0.75, "warn"],
    ]);
    await bench.answer(bench.near, ACCEPTED);
    await failFor(59);
    expect(said).toHaveLength(3);
    await failFor(12);
    expect(said.map(([, level]) => level)).toEqual(["warn", "warn", "warn", "info"]);
  });
});

describe("a node whose source is at fault", () => {
  it.each([
    ["throws", false],
    ["rejects", true],
  ])("and %s is tried again, and holds up no other", async (_how, rejects) => {
    bench = new BlockBench({ nodes: 2 });
    if (!rejects) {
      bench.near.onSubmit = () => {
        throw new Error("a fault of ours");
      };
    }
    bench.submitter.submit(blockFound());
    bench.near.submissions[0]?.reject(new Error("a fault of ours"));
    expect(bench.logger.of("block found")).toHaveLength(1);
    await bench.answer(bench.far, ACCEPTED);
    expect(bench.logger.of("block accepted").map(({ node }) => node)).toEqual(["far"]);
    expect(bench.logger.of("block not delivered, trying again")).toMatchObject([
      { node: "near", reason: "a fault of ours" },
    ]);
    bench.near.onSubmit = () => undefined;
    await bench.pass(250);
    await bench.answer(bench.near, ACCEPTED);
    expect(bench.logger.of("block accepted").map(({ node }) => node)).toEqual(["far", "near"]);
  });
});

describe("stop()", () => {
  it("resolves at once where nothing is under way", async () => {
    await within(bench.submitter.stop(), "the stop");
  });

  it("makes one last try of what waits for a retry, which has begun when it returns", async () => {
    bench = new BlockBench({ nodes: 2 });
    bench.submitter.submit(blockFound());
    bench.near.answer(FAILED);
    await bench.answer(bench.far, FAILED);
    const stopped = bench.submitter.stop();
    expect([tries(bench.near), tries(bench.far)]).toEqual([2, 2]);
    expect(bench.clock.pending).toBe(0);
    await bench.answer(bench.near, ACCEPTED);
    await bench.answer(bench.far, FAILED);
    await bench.recordsEnd();
    await within(stopped, "the stop");
    expect([tries(bench.near), tries(bench.far)]).toEqual([2, 2]);
    expect(bench.fates).toEqual(["submitted", "accepted"]);
    expect(bench.logger.of("block not delivered")).toEqual([]);
    const message = "block not delivered to this node, but another one has it";
    expect(bench.logger.lines).toContainEqual({
      level: "warn",
      message,
      context: { height: 900_001, hash: HASH, node: "far", reason: "the node does not answer" },
    });
  });

  it("is loud of a block that no node has accepted", async () => {
    bench = new BlockBench({ nodes: 2 });
    bench.submitter.submit(blockFound());
    await bench.answer(bench.near, INCONCLUSIVE);
    await bench.answer(bench.far, FAILED);
    const stopped = bench.submitter.stop();
    await bench.answer(bench.far, FAILED);
    await bench.recordsEnd();
    await within(stopped, "the stop");
    expect(bench.logger.lines).toContainEqual({
      level: "error",
      message: "block not delivered",
      context: { height: 900_001, hash: HASH, node: "far", reason: "the node does not answer" },
    });
  });

  it("waits for the answer of a submission under way, and tries once more where that fails", async () => {
    bench.submitter.submit(blockFound());
    let done = false;
    const stopped = bench.submitter.stop().then(() => {
      done = true;
    });
    await nextTurn();
    expect(done).toBe(false);
    await bench.answer(bench.near, FAILED);
    expect(bench.logger.of("block not delivered, trying again")).toMatchObject([{ waitMs: 0 }]);
    expect(tries()).toBe(2);
    await bench.answer(bench.near, FAILED);
    await bench.recordsEnd();
    await within(stopped, "the stop");
    expect(tries()).toBe(2);
    expect(bench.logger.of("block not delivered")).toHaveLength(1);
  });

  it("gives a try that had begun before it a last one after it", async () => {
    bench.submitter.submit(blockFound());
    await bench.answer(bench.near, FAILED);
    await bench.pass(250);
    const stopped = bench.submitter.stop();
    await bench.answer(bench.near, FAILED);
    expect(tries()).toBe(3);
    await bench.answer(bench.near, FAILED);
    await bench.recordsEnd();
    await within(stopped, "the stop");
    expect(tries()).toBe(3);
  });

  it("waits for a block that comes in meanwhile too", async () => {
    bench.submitter.submit(blockFound(1));
    let done = false;
    const stopped = bench.submitter.stop().then(() => {
      done = true;
    });
    bench.submitter.submit(blockFound(2));
    bench.near.submissions[0]?.answer(ACCEPTED);
    await bench.recordsEnd();
    expect(done).toBe(false);
    await bench.answer(bench.near, REFUSED);
    await bench.recordsEnd();
    await within(stopped, "the stop");
  });

  it("waits for the ledger to know the fate", async () => {
    bench.submitter.submit(blockFound());
    await bench.answer(bench.near, ACCEPTED);
    let done = false;
    const stopped = bench.submitter.stop().then(() => {
      done = true;
    });
    bench.ledger.records[0]?.resolve();
    await nextTurn();
    expect(done).toBe(false);
    bench.ledger.records[1]?.resolve();
    await within(stopped, "the stop");
  });
});

describe("a block that its only node had and has lost", () => {
  it("is in danger as before it was accepted: each try is a warning, and the stop says an error", async () => {
    bench.submitter.submit(blockFound());
    await bench.answer(bench.near, ACCEPTED);
    await bench.check(unknown());
    await bench.pass(250);
    bench.near.standing = SILENT;
    for (let times = 0; times < 2; times += 1) {
      await bench.answer(bench.near, FAILED);
      await bench.pass(250);
    }
    const said = bench.logger.lines.filter(({ message }) => message === "block not delivered, trying again");
    expect(said.map(({ level }) => level)).toEqual(["warn", "warn"]);
    const stopped = bench.submitter.stop();
    for (let times = 0; times < 3; times += 1) {
      await bench.answer(bench.near, FAILED);
      await bench.pass(1);
    }
    await bench.recordsEnd();
    await within(stopped, "the stop");
    expect(bench.logger.of("block not delivered")).toHaveLength(1);
  });
});
