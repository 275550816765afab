import { beforeEach, describe, expect, it } from "vitest";
import type { BlockFate } from "../../src/ledger/ledger.ts";
import type { SpooledBlock } from "../../src/ledger/spool.ts";
import { isSettled, nextTurn, within } from "../support/wait.ts";
import {
  ACCEPTED,
  BlockBench,
  blockFound,
  FAILED,
  HASH,
  INCONCLUSIVE,
  offChain,
  onChain,
  REFUSED,
} from "./block-bench.ts";

let bench: BlockBench;
beforeEach(() => {
  bench = new BlockBench({ nodes: 2 });
});

const FOUND_AT_MS = 1_600_000_000_000;

/** As an earlier process left it. */
function left(index = 1): SpooledBlock {
  return { ...blockFound(index), foundAtMs: FOUND_AT_MS };
}

/** The ledger knows that of the block, as an earlier process recorded it. */
function known(fate: BlockFate): void {
  const { hash, height, userIdentity, foundAtMs } = left();
  bench.ledger.blocks = async () => [{ hash, height, userIdentity, foundAtMs, fate, reason: undefined }];
}

describe("what is in the spool at the start", () => {
  it("is on its way to every node when the start has ended, and is not a block found", async () => {
    bench.spool.left = [left(1), left(2)];
    await within(bench.submitter.start(), "the start");
    for (const node of [bench.near, bench.far]) {
      expect(node.submissions.map(({ block }) => block)).toEqual([left(1).block, left(2).block]);
    }
    expect(bench.logger.lines[0]).toEqual({
      level: "info",
      message: "block submitted again after a restart",
      context: { height: 900_001, hash: HASH, user: "alice.rig", found: "2020-09-13T12:26:40.000Z" },
    });
    expect(bench.logger.of("block found")).toEqual([]);
    expect(bench.count("found")).toBe(0);
  });

  it("is followed as a new block, and its file is the one that goes", async () => {
    bench.spool.left = [left()];
    await bench.submitter.start();
    await bench.answer(bench.near, ACCEPTED);
    await bench.check(onChain(6));
    await bench.recordsEnd();
    expect(bench.fates).toEqual(["submitted", "confirmed"]);
    expect(bench.ledger.records.map(({ value }) => value.foundAtMs)).toEqual([FOUND_AT_MS, FOUND_AT_MS]);
    expect(bench.spool.states).toEqual(["removed"]);
  });

  it("and can be read only later is submitted and followed then", async () => {
    bench.spool.left = [left(1)];
    await bench.submitter.start();
    bench.spool.readMore([left(1), left(2)]);
    expect(bench.near.submissions.map(({ block }) => block)).toEqual([left(1).block, left(2).block]);
    expect(bench.logger.of("block submitted again after a restart")).toHaveLength(2);
    await nextTurn();
    expect(bench.fates).toEqual(["submitted", "submitted"]);
  });

  it("is no second block where its share comes again", async () => {
    bench.spool.left = [left()];
    await bench.submitter.start();
    bench.submitter.submit(blockFound());
    expect(bench.near.submissions).toHaveLength(1);
    expect(bench.spool.kept).toHaveLength(1);
  });

  it.each<[BlockFate, BlockFate[]]>([
    ["submitted", ["accepted"]],
    ["accepted", []],
    ["inconclusive", ["accepted"]],
  ])("and of which the ledger knows that it is %s is recorded only where it becomes another", async (fate, fates) => {
    known(fate);
    bench.spool.left = [left()];
    await bench.submitter.start();
    await nextTurn();
    expect(bench.fates).toEqual([]);
    await bench.answer(bench.near, ACCEPTED);
    await bench.recordsEnd();
    expect(bench.fates).toEqual(fates);
  });

  it("and of which the ledger knows that it is confirmed stays so, and its file goes as the chain says so", async () => {
    known("confirmed");
    bench.spool.left = [left()];
    await bench.submitter.start();
    await bench.answer(bench.near, ACCEPTED);
    await bench.check(offChain(900_007));
    expect(bench.spool.states).toEqual(["removed"]);
    expect(bench.fates).toEqual([]);
  });

  it("does not wait for a ledger that hangs", async () => {
    bench.ledger.blocks = () => new Promise(() => undefined);
    bench.spool.left = [left()];
    await within(bench.submitter.start(), "the start");
    expect(bench.near.submissions).toHaveLength(1);
    await bench.answer(bench.near, ACCEPTED);
    expect(bench.logger.of("block accepted")).toHaveLength(1);
  });
});

describe("spooled()", () => {
  it("is at once where there is no block", async () => {
    await within(bench.submitter.spooled(), "nothing");
  });

  it("resolves once every block found so far is in the spool, accepted or finished", async () => {
    for (const index of [1, 2, 3]) bench.submitter.submit(blockFound(index));
    const spooled = bench.submitter.spooled();
    bench.submitter.submit(blockFound(4));
    bench.spool.kept[0]?.write();
    bench.far.submissions[1]?.answer(ACCEPTED);
    expect(await isSettled(spooled)).toBe(false);
    bench.near.submissions[2]?.answer(REFUSED);
    expect(await isSettled(spooled)).toBe(false);
    bench.far.submissions[2]?.answer(REFUSED);
    expect(await isSettled(spooled)).toBe(true);
    expect(await isSettled(bench.submitter.spooled())).toBe(false);
  });

  it("is resolved by a node that has stored the block beside its best chain, too", async () => {
    bench.submitter.submit(blockFound());
    const spooled = bench.submitter.spooled();
    await bench.answer(bench.near, INCONCLUSIVE);
    await within(spooled, "the node's word");
  });

  it("is resolved by a chain that has the block, too", async () => {
    bench.submitter.submit(blockFound());
    const spooled = bench.submitter.spooled();
    await bench.check(onChain(1));
    await within(spooled, "the chain's word");
  });
});

describe("a ledger that fails", () => {
  it("is told again after 1 s, 2 s, and so on up to a minute; the file stays until it has the last fate", async () => {
    bench = new BlockBench();
    bench.submitter.submit(blockFound());
    await bench.recordsEnd();
    await bench.answer(bench.near, REFUSED);
    const waits = [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000];
    for (const [index, waitMs] of waits.entries()) {
      bench.ledger.records.at(-1)?.reject(new Error("the disk is full"));
      await nextTurn();
      await bench.pass(waitMs - 1);
      expect(bench.fates).toHaveLength(index + 2);
      await bench.pass(1);
      expect(bench.fates).toHaveLength(index + 3);
    }
    expect(new Set(bench.fates.slice(1))).toEqual(new Set(["refused"]));
    expect(bench.spool.states).toEqual(["kept"]);
    await bench.recordsEnd();
    expect(bench.spool.states).toEqual(["aside"]);
  });

  it("is told of another fate at once, and of that alone", async () => {
    bench.submitter.submit(blockFound());
    bench.ledger.records[0]?.reject(new Error("the disk is full"));
    await nextTurn();
    expect(bench.fates).toEqual(["submitted"]);
    await bench.answer(bench.near, ACCEPTED);
    expect(bench.fates).toEqual(["submitted", "accepted"]);
    await bench.recordsEnd();
    await bench.pass(600_000);
    expect(bench.fates).toEqual(["submitted", "accepted"]);
  });

  it("is told again after 1 s once more, where it had taken a fate since it failed before", async () => {
    bench.submitter.submit(blockFound());
    bench.ledger.records[0]?.reject(new Error("the disk is full"));
    await nextTurn();
    await bench.pass(1_000);
    await bench.answer(bench.near, ACCEPTED);
    bench.ledger.records[1]?.resolve();
    await nextTurn();
    bench.ledger.records[2]?.reject(new Error("the disk is full"));
    await nextTurn();
    await bench.pass(999);
    expect(bench.fates).toEqual(["submitted", "submitted", "accepted"]);
    await bench.pass(1);
    expect(bench.fates).toEqual(["submitted", "submitted", "accepted", "accepted"]);
  });

  it("is told a last time by a stop, whose block stays in the spool where that fails too", async () => {
    bench = new BlockBench();
    bench.submitter.submit(blockFound());
    bench.ledger.records[0]?.reject(new Error("the disk is full"));
    await bench.answer(bench.near, REFUSED);
    bench.ledger.records[1]?.reject(new Error("the disk is full"));
    await nextTurn();
    const stopped = bench.submitter.stop();
    expect(bench.fates).toHaveLength(2);
    await nextTurn();
    expect(bench.fates).toHaveLength(3);
    expect(bench.spool.closed).toBe(false);
    bench.ledger.records[2]?.reject(new Error("the disk is full"));
    await within(stopped, "the stop");
    expect(bench.spool.states).toEqual(["kept"]);
    expect(bench.spool.closed).toBe(true);
  });
});

describe("a stop", () => {
  it("leaves the file of a block that is not finished, and asks nobody any more", async () => {
    bench = new BlockBench();
    bench.submitter.submit(blockFound());
    await bench.answer(bench.near, ACCEPTED);
    await bench.recordsEnd();
    const asked = bench.near.asked.length;
    bench.submitter.onNewTip();
    await within(bench.submitter.stop(), "the stop");
    expect(bench.spool.states).toEqual(["kept"]);
    expect(bench.clock.pending).toBe(0);
    bench.submitter.onNewTip();
    await bench.pass(600_000);
    expect(bench.near.asked).toHaveLength(asked);
  });

  it("does not wait for what a node that is down would still have to say", async () => {
    bench.submitter.submit(blockFound());
    await bench.answer(bench.near, REFUSED);
    await bench.answer(bench.far, FAILED);
    const stopped = bench.submitter.stop();
    await bench.answer(bench.far, FAILED);
    await bench.recordsEnd();
    await within(stopped, "the stop");
    expect(bench.fates).toEqual(["submitted"]);
    expect(bench.spool.states).toEqual(["kept"]);
  });
});

describe("blocks that are followed at a time", () => {
  const MESSAGE = "too many blocks without a fate: the oldest is not followed any more";

  it("are 1,024: with one more the oldest that a node accepted gives way, with its file", async () => {
    bench = new BlockBench();
    for (let index = 1; index <= 1_024; index += 1) bench.submitter.submit(blockFound(index));
    bench.near.submissions[1]?.answer(ACCEPTED);
    bench.near.submissions[2]?.answer(ACCEPTED);
    await nextTurn();
    expect(bench.logger.of(MESSAGE)).toEqual([]);
    bench.submitter.submit(blockFound(1_025));
    expect(bench.logger.of(MESSAGE)).toMatchObject([{ height: 900_001, hash: expect.stringMatching(/02$/) }]);
    expect(bench.spool.states.slice(0, 3)).toEqual(["kept", "removed", "kept"]);
  });

  it("go to a node 16 at a time, the newest first, and the others as those have ended", async () => {
    bench = new BlockBench();
    for (let index = 1; index <= 18; index += 1) bench.submitter.submit(blockFound(index));
    const sent = (): number[] => bench.near.submissions.map(({ block }) => block[0] ?? 0);
    expect(sent()).toEqual(Array.from({ length: 16 }, (_, index) => index + 1));
    bench.near.submissions[3]?.answer(ACCEPTED);
    await nextTurn();
    expect(sent().slice(16)).toEqual([18]);
    bench.near.submissions[5]?.reject(new Error("a fault"));
    await nextTurn();
    expect(sent().slice(16)).toEqual([18, 17]);
  });

  it("and of which none was accepted lose the oldest, whose file stays for the next start", async () => {
    bench = new BlockBench();
    for (let index = 1; index <= 1_025; index += 1) bench.submitter.submit(blockFound(index));
    expect(bench.logger.of(MESSAGE)).toMatchObject([{ hash: expect.stringMatching(/01$/) }]);
    expect(new Set(bench.spool.states)).toEqual(new Set(["kept"]));
    bench.near.submissions[0]?.answer(FAILED);
    await bench.pass(250);
    // The newest has its place; the oldest is not tried again.
    expect(bench.near.submissions).toHaveLength(17);
  });
});
