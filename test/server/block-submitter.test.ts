import { beforeEach, describe, expect, it } from "vitest";
import { nextTurn, within } from "../support/wait.ts";
import { ACCEPTED, BlockBench, blockFound, FAILED, HASH, INCONCLUSIVE, REFUSED } from "./block-bench.ts";

let bench: BlockBench;
beforeEach(() => {
  bench = new BlockBench({ nodes: 2 });
});

const CONTEXT = { height: 900_001, hash: HASH };

describe("a found block", () => {
  it("is on its way to every node before anything is spooled, logged, counted or recorded", () => {
    const before: number[] = [];
    const done = (): number =>
      bench.spool.kept.length + bench.logger.lines.length + bench.ledger.records.length + bench.count("found");
    for (const node of [bench.near, bench.far]) node.onSubmit = () => before.push(done());
    bench.spool.onKeep = () => before.push(done() + 10 * bench.near.submissions.length * bench.far.submissions.length);
    const block = blockFound();
    bench.submitter.submit(block);
    expect(before).toEqual([0, 0, 10]);
    expect(bench.spool.kept.map((kept) => kept.block)).toEqual([{ ...block, foundAtMs: bench.clock.nowMs() }]);
    expect(bench.near.submissions[0]?.block).toBe(block.block);
    expect(bench.far.submissions[0]?.block).toBe(block.block);
    expect(bench.fates).toEqual(["submitted"]);
  });

  it("is said to the operator, with its hash as explorers print it, and who found it", () => {
    bench.submitter.submit(blockFound());
    expect(HASH).toMatch(/^0{56}/);
    expect(bench.logger.lines).toEqual([
      {
        level: "info",
        message: "block found",
        context: { ...CONTEXT, user: "alice.rig", channel: "7:2", sizeBytes: 100 },
      },
    ]);
    expect(bench.count("found")).toBe(1);
  });

  it("is submitted once, however often its share comes", () => {
    bench.submitter.submit(blockFound());
    bench.submitter.submit(blockFound());
    expect(bench.near.submissions).toHaveLength(1);
    expect(bench.logger.of("block found")).toHaveLength(1);
    expect(bench.count("found")).toBe(1);
    bench.submitter.submit(blockFound(2));
    expect(bench.near.submissions).toHaveLength(2);
  });

  it("that is finished is remembered among the last 256, and forgotten with one more", async () => {
    bench = new BlockBench();
    const submissions = async (index: number): Promise<number> => {
      bench.submitter.submit(blockFound(index));
      await bench.answer(bench.near, REFUSED);
      await bench.recordsEnd();
      return bench.near.submissions.length;
    };
    for (let index = 1; index <= 256; index += 1) await submissions(index);
    expect(await submissions(1)).toBe(256);
    expect(await submissions(257)).toBe(257);
    expect(await submissions(2)).toBe(257);
    expect(await submissions(1)).toBe(258);
  });
});

describe("a node's answer", () => {
  beforeEach(() => {
    bench = new BlockBench();
    bench.submitter.submit(blockFound());
  });

  it.each([
    { result: ACCEPTED, level: "info", message: "block accepted", more: {}, counted: [1, 0] },
    {
      result: INCONCLUSIVE,
      level: "warn",
      message: "block stored by the node, but not on its best chain",
      more: {},
      counted: [0, 0],
    },
    {
      result: REFUSED,
      level: "error",
      message: "block refused",
      more: { reason: "bad-txnmrklroot" },
      counted: [0, 1],
    },
  ])("$result.kind is logged, counted and recorded", async ({ result, level, message, more, counted }) => {
    await bench.pass(3_000);
    await bench.answer(bench.near, result);
    expect(bench.logger.lines[1]).toEqual({ level, message, context: { ...CONTEXT, node: "near", ...more } });
    await bench.recordsEnd();
    const record = {
      hash: blockFound().hash,
      height: 900_001,
      userIdentity: "alice.rig",
      foundAtMs: bench.clock.nowMs() - 3_000,
    };
    expect(bench.ledger.records.map(({ value }) => value)).toEqual([
      { ...record, fate: "submitted", reason: undefined },
      { ...record, fate: result.kind, reason: result.kind === "refused" ? result.reason : undefined },
    ]);
    expect([bench.count("accepted"), bench.count("refused")]).toEqual(counted);
  });

  it("that comes after failures is recorded as if it was the first", async () => {
    await bench.answer(bench.near, FAILED);
    await bench.pass(250);
    await bench.answer(bench.near, REFUSED);
    await bench.recordsEnd();
    expect(bench.fates).toEqual(["submitted", "refused"]);
    expect(bench.near.submissions).toHaveLength(2);
  });
});

describe("several nodes", () => {
  beforeEach(() => bench.submitter.submit(blockFound()));

  it("are all told, and logged each by its name; the block is counted once", async () => {
    await bench.answer(bench.near, ACCEPTED);
    await bench.answer(bench.far, ACCEPTED);
    await bench.recordsEnd();
    expect(bench.logger.of("block accepted").map(({ node }) => node)).toEqual(["near", "far"]);
    expect(bench.count("found")).toBe(1);
    expect(bench.count("accepted")).toBe(1);
    expect(bench.fates).toEqual(["submitted", "accepted"]);
  });

  it("of which one accepted it leave nothing open, though another does not answer for long", async () => {
    await bench.answer(bench.far, FAILED);
    await bench.answer(bench.near, ACCEPTED);
    await bench.recordsEnd();
    expect(bench.fates).toEqual(["submitted", "accepted"]);
    expect(bench.count("accepted")).toBe(1);
    // The other one is told all the same.
    await bench.pass(250);
    expect(bench.far.submissions).toHaveLength(2);
  });

  it.each([
    { first: ACCEPTED, second: REFUSED, fate: "accepted", counted: [1, 0] },
    { first: REFUSED, second: ACCEPTED, fate: "accepted", counted: [1, 0] },
    { first: ACCEPTED, second: INCONCLUSIVE, fate: "accepted", counted: [1, 0] },
    { first: INCONCLUSIVE, second: ACCEPTED, fate: "accepted", counted: [1, 0] },
    { first: INCONCLUSIVE, second: REFUSED, fate: "inconclusive", counted: [0, 0] },
    { first: REFUSED, second: INCONCLUSIVE, fate: "inconclusive", counted: [0, 0] },
    { first: REFUSED, second: REFUSED, fate: "refused", counted: [0, 1] },
  ])("that say $first.kind and $second.kind make it $fate", async ({ first, second, fate, counted }) => {
    await bench.answer(bench.near, first);
    await bench.answer(bench.far, second);
    await bench.recordsEnd();
    expect(bench.fates).toEqual(["submitted", fate]);
    expect([bench.count("accepted"), bench.count("refused")]).toEqual(counted);
  });

  it("of which one only refused it leave it open until the other has answered", async () => {
    await bench.answer(bench.near, REFUSED);
    await bench.recordsEnd();
    expect(bench.fates).toEqual(["submitted"]);
    expect(bench.logger.of("block refused")).toHaveLength(1);
    await bench.answer(bench.far, INCONCLUSIVE);
    await bench.recordsEnd();
    expect(bench.fates).toEqual(["submitted", "inconclusive"]);
  });
});

describe("a ledger", () => {
  it("that hangs holds up neither the submission nor what is said of it; the fate comes after it", async () => {
    bench = new BlockBench();
    bench.submitter.submit(blockFound());
    await bench.answer(bench.near, FAILED);
    await bench.pass(250);
    await bench.answer(bench.near, ACCEPTED);
    expect(bench.logger.of("block accepted")).toHaveLength(1);
    expect(bench.count("accepted")).toBe(1);
    expect(bench.fates).toEqual(["submitted"]);
    await bench.recordsEnd();
    expect(bench.fates).toEqual(["submitted", "accepted"]);
  });

  it.each([
    ["rejects", () => Promise.reject(new Error("the disk is full"))],
    [
      "throws",
      () => {
        throw new Error("the disk is full");
      },
    ],
  ])("that %s is said, and costs the block nothing", async (_how, recordBlock) => {
    bench = new BlockBench();
    const { ledger } = bench;
    const held = ledger.recordBlock.bind(ledger);
    ledger.recordBlock = recordBlock;
    bench.submitter.submit(blockFound());
    ledger.recordBlock = held;
    await bench.answer(bench.near, ACCEPTED);
    expect(bench.logger.of("block could not be recorded")).toEqual([
      { ...CONTEXT, fate: "submitted", error: "the disk is full" },
    ]);
    expect(bench.fates).toEqual(["accepted"]);
    bench.ledger.records[0]?.reject(new Error("still full"));
    await nextTurn();
    expect(bench.logger.of("block could not be recorded")[1]).toMatchObject({ fate: "accepted", error: "still full" });
    const stopped = bench.submitter.stop();
    await nextTurn();
    bench.ledger.records[1]?.reject(new Error("full for good"));
    await within(stopped, "the stop");
    expect(bench.fates).toEqual(["accepted", "accepted"]);
  });
});
