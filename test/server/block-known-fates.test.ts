/** Blocks of an earlier process, where the ledger does not say at once what it knows of them. */

import { beforeEach, describe, expect, it } from "vitest";
import type { BlockFate } from "../../src/ledger/ledger.ts";
import type { SpooledBlock } from "../../src/ledger/spool.ts";
import { nextTurn, within } from "../support/wait.ts";
import { ACCEPTED, BlockBench, blockFound, FAILED, INCONCLUSIVE, onChain, REFUSED } from "./block-bench.ts";

const SAID = "the ledger does not say what it knows of the spool's blocks, trying again";

let bench: BlockBench;
/** How often it was asked. */
let asked: number;
beforeEach(async () => {
  bench = new BlockBench();
  asked = 0;
  bench.ledger.blocks = () => {
    asked += 1;
    return Promise.reject(new Error("it is locked"));
  };
  bench.spool.left = [left()];
  await within(bench.submitter.start(), "the start");
  await nextTurn();
});

function left(index = 1): SpooledBlock {
  return { ...blockFound(index), foundAtMs: 1_600_000_000_000 };
}

/** The ledger is back, and knows that of the block, or nothing. */
function isBack(fate?: BlockFate): void {
  const { hash, height, userIdentity, foundAtMs } = left();
  bench.ledger.blocks = async () => {
    asked += 1;
    return fate === undefined ? [] : [{ hash, height, userIdentity, foundAtMs, fate, reason: undefined }];
  };
}

describe("a block of which the ledger does not say what it knows", () => {
  it("is submitted all the same, and not recorded as that: it may be further", async () => {
    expect(bench.near.submissions).toHaveLength(1);
    expect(bench.logger.of(SAID)).toEqual([{ reason: "it is locked" }]);
    await bench.pass(600_000);
    expect(bench.fates).toEqual([]);
  });

  it("is recorded as what a node says of it, at once, and the ledger is not asked any more", async () => {
    await bench.answer(bench.near, ACCEPTED);
    expect(bench.fates).toEqual(["accepted"]);
    await bench.recordsEnd();
    const before = asked;
    await bench.check(onChain(6));
    await bench.recordsEnd();
    expect(bench.fates).toEqual(["accepted", "confirmed"]);
    expect(bench.spool.states).toEqual(["removed"]);
    expect([asked, bench.clock.pending]).toEqual([before, 0]);
  });

  it("is asked about again, after 1 s, 2 s, and so on up to a minute", async () => {
    for (const [index, waitMs] of [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000].entries()) {
      await bench.pass(waitMs - 1);
      expect(asked).toBe(index + 1);
      await bench.pass(1);
      expect(asked).toBe(index + 2);
    }
  });

  it("and does not take what a node said is recorded no second time where the ledger had it all the same", async () => {
    await bench.answer(bench.near, INCONCLUSIVE);
    bench.ledger.records[0]?.reject(new Error("it is locked"));
    await nextTurn();
    expect(bench.fates).toEqual(["inconclusive"]);
    isBack("inconclusive");
    await bench.pass(60_000);
    expect(bench.fates).toEqual(["inconclusive"]);
  });

  it.each<[BlockFate | undefined, BlockFate[]]>([
    [undefined, ["submitted"]],
    ["submitted", []],
    ["inconclusive", []],
    ["accepted", []],
    ["confirmed", []],
  ])("and that is %s when the ledger is back is recorded as %j", async (fate, fates) => {
    isBack(fate);
    await bench.pass(1_000);
    await bench.recordsEnd();
    expect(bench.fates).toEqual(fates);
    const before = asked;
    await bench.pass(600_000);
    expect(asked).toBe(before);
  });

  it("is not recorded as less than it is where the ledger is back when a node answers", async () => {
    isBack("confirmed");
    await bench.answer(bench.near, ACCEPTED);
    expect(bench.fates).toEqual([]);
    await bench.check(onChain(6));
    expect(bench.spool.states).toEqual(["removed"]);
  });

  it("is asked about a last time by a stop, and stays in the spool", async () => {
    const stopped = bench.submitter.stop();
    await bench.answer(bench.near, FAILED);
    await bench.answer(bench.near, FAILED);
    await within(stopped, "the stop");
    expect([asked, bench.fates, bench.spool.states]).toEqual([2, [], ["kept"]]);
    expect(bench.clock.pending).toBe(0);
  });

  it("and that every node refuses keeps its file until the ledger has that", async () => {
    await bench.answer(bench.near, REFUSED);
    expect(bench.fates).toEqual(["refused"]);
    expect(bench.spool.states).toEqual(["kept"]);
    await bench.recordsEnd();
    expect(bench.spool.states).toEqual(["aside"]);
  });
});

it("all blocks of a reading are asked about with one question, also by a ledger that throws", async () => {
  bench = new BlockBench();
  asked = 0;
  bench.ledger.blocks = () => {
    asked += 1;
    throw new Error("a fault");
  };
  bench.spool.left = [left(1), left(2), left(3)];
  await bench.submitter.start();
  await nextTurn();
  expect([asked, bench.logger.of(SAID)]).toEqual([1, [{ reason: "a fault" }]]);
  isBack("accepted");
  await bench.pass(1_000);
  expect(asked).toBe(2);
  expect(bench.fates).toEqual(["submitted", "submitted"]);
});
