import { beforeEach, describe, expect, it } from "vitest";
import { verdictOf } from "../../src/server/block-confirmation.ts";
import type { BlockStanding } from "../../src/templates/block-node.ts";
import { nextTurn } from "../support/wait.ts";
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
  SILENT,
  unknown,
} from "./block-bench.ts";

const HEIGHT = 900_001;

describe("what nodes say together of a block", () => {
  it.each<[string, readonly BlockStanding[], string]>([
    ["one that has it five blocks deep", [onChain(5)], "on-chain"],
    ["one that has it six blocks deep", [onChain(6)], "confirmed"],
    ["a deep one and one that fails", [SILENT, onChain(6)], "confirmed"],
    ["a deep one and one that lags behind", [onChain(6), unknown(HEIGHT - 3)], "confirmed"],
    ["a deep one and one that is as far, on another branch", [onChain(6), offChain(HEIGHT + 5)], "confirmed"],
    ["a deep one and one that is further, without it", [onChain(6), offChain(HEIGHT + 6)], "on-chain"],
    ["one that has it as its tip and one that is further, without it", [unknown(HEIGHT + 9), onChain(1)], "on-chain"],
    ["nobody", [SILENT, SILENT], "unclear"],
    ["one that has not come so far", [unknown(HEIGHT - 1)], "unclear"],
    ["one that is at its height without it", [offChain(HEIGHT)], "off-chain"],
    ["one that does not know it", [unknown(HEIGHT + 5)], "off-chain"],
    ["one that is six blocks further, without it", [offChain(HEIGHT + 6)], "buried"],
    ["one six blocks further that does not know it", [unknown(HEIGHT + 6)], "buried"],
    ["one that is further and one that lags behind", [unknown(HEIGHT - 9), offChain(HEIGHT + 6)], "buried"],
    ["one that is further and one that fails", [SILENT, offChain(HEIGHT + 6)], "buried"],
    ["no nodes at all", [], "unclear"],
  ])("%s", (_who, standings, verdict) => {
    expect(verdictOf(standings, HEIGHT)).toBe(verdict);
  });
});

let bench: BlockBench;
beforeEach(() => {
  bench = new BlockBench({ nodes: 2 });
  bench.submitter.submit(blockFound());
});

/** All records are stored; the fates that the ledger was told, and what became of the file. */
async function ends(): Promise<[string[], string[]]> {
  await bench.recordsEnd();
  return [bench.fates, bench.spool.states];
}

describe("a block that a node accepted", () => {
  beforeEach(() => bench.answer(bench.near, ACCEPTED));

  it("is confirmed with six blocks from it on, and its file goes once that is recorded", async () => {
    await bench.check(onChain(5));
    expect(await ends()).toEqual([["submitted", "accepted"], ["kept"]]);
    await bench.check(onChain(6));
    expect(bench.spool.states).toEqual(["kept"]);
    expect(await ends()).toEqual([["submitted", "accepted", "confirmed"], ["removed"]]);
    expect(bench.logger.lines.at(-1)).toEqual({
      level: "info",
      message: "block confirmed",
      context: { height: HEIGHT, hash: HASH, user: "alice.rig" },
    });
    expect([bench.count("confirmed"), bench.count("accepted")]).toEqual([1, 1]);
  });

  it("and is confirmed is not brought to the node that is down any more, and nobody is asked", async () => {
    await bench.answer(bench.far, FAILED);
    await bench.check(onChain(6));
    await ends();
    const [submissions, asked] = [bench.far.submissions.length, bench.near.asked.length];
    await bench.answer(bench.far, FAILED);
    await bench.pass(600_000);
    expect([bench.far.submissions.length, bench.near.asked.length]).toEqual([submissions, asked]);
    expect(bench.clock.pending).toBe(0);
  });

  it("is orphaned once the chain has six blocks without it", async () => {
    await bench.check(offChain(HEIGHT + 5));
    expect((await ends())[1]).toEqual(["kept"]);
    await bench.check(offChain(HEIGHT + 6));
    expect(await ends()).toEqual([["submitted", "inconclusive", "orphaned"], ["removed"]]);
    expect(bench.logger.lines.at(-1)).toMatchObject({
      level: "warn",
      message: "block orphaned: the chain has gone on without it",
    });
    expect(bench.count("orphaned")).toBe(1);
  });

  it("is not given up for what a node says that has not come so far", async () => {
    await bench.check(SILENT, unknown(HEIGHT - 1));
    expect(await ends()).toEqual([["submitted", "accepted"], ["kept"]]);
  });

  it("and falls off the chain is preferred once there, and again after it was back", async () => {
    await bench.check(onChain(1));
    expect(bench.near.preferred).toEqual([]);
    for (let round = 0; round < 3; round += 1) await bench.check(offChain());
    expect(bench.near.preferred).toEqual([blockFound().hash]);
    expect(bench.logger.of("block off the best chain")).toHaveLength(1);
    await bench.check(onChain(1));
    expect(bench.logger.of("block on a node's best chain")).toHaveLength(1);
    await bench.check(offChain());
    expect(bench.near.preferred).toHaveLength(2);
    // The other node has never had it.
    expect(bench.far.preferred).toEqual([]);
  });

  it("and is lost by that node is submitted to it again, with waits that grow until it is back", async () => {
    const waits = [250, 500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000];
    for (const [index, waitMs] of waits.entries()) {
      await bench.check(unknown());
      await bench.pass(waitMs - 1);
      expect(bench.near.submissions).toHaveLength(index + 1);
      await bench.pass(1);
      expect(bench.near.submissions).toHaveLength(index + 2);
      bench.near.standing = SILENT;
      await bench.answer(bench.near, ACCEPTED);
    }
    const message = "the node has lost the block, which is submitted again";
    expect(bench.logger.of(message).map(({ waitMs }) => waitMs)).toEqual(waits);
    expect(bench.logger.of(message)[0]).toMatchObject({ node: "near", hash: HASH });
    await bench.check(onChain(1));
    await bench.check(unknown());
    expect(bench.logger.of(message).at(-1)?.waitMs).toBe(250);
    expect(bench.far.submissions).toHaveLength(1);
  });
});

describe("a block that a node stored beside its best chain", () => {
  beforeEach(() => bench.answer(bench.near, INCONCLUSIVE));

  it("is preferred once on that node, which is then asked where it stands", async () => {
    expect(bench.near.preferred).toEqual([blockFound().hash]);
    expect(bench.far.preferred).toEqual([]);
    await bench.check(offChain());
    expect(bench.near.preferred).toHaveLength(1);
    expect(await ends()).toEqual([["submitted", "inconclusive"], ["kept"]]);
    await bench.check(onChain(1));
    expect((await ends())[0]).toEqual(["submitted", "inconclusive", "accepted"]);
    expect(bench.count("accepted")).toBe(1);
  });

  it("is followed as well where the node knows no such request, or fails at it", async () => {
    bench = new BlockBench();
    bench.near.onPrefer = () => Promise.reject(new Error("unknown method"));
    bench.submitter.submit(blockFound());
    await bench.answer(bench.near, INCONCLUSIVE);
    await bench.check(offChain(HEIGHT + 6));
    expect((await ends())[0].at(-1)).toBe("orphaned");
  });

  it("stays inconclusive where another node refuses it, and is orphaned when it is buried", async () => {
    await bench.answer(bench.far, REFUSED);
    expect((await ends())[0]).toEqual(["submitted", "inconclusive"]);
    await bench.check(offChain(HEIGHT + 6), unknown(HEIGHT + 6));
    expect(await ends()).toEqual([["submitted", "inconclusive", "orphaned"], ["removed"]]);
  });
});

describe("a block that nodes refuse", () => {
  it("is refused once all have said so: it is kept aside, and not tried again", async () => {
    await bench.answer(bench.near, REFUSED);
    await bench.answer(bench.far, { kind: "refused", reason: "high-hash" });
    expect(await ends()).toEqual([["submitted", "refused"], ["aside"]]);
    expect(bench.ledger.records.at(-1)?.value.reason).toBe("bad-txnmrklroot");
    expect(bench.logger.lines.at(-1)).toEqual({
      level: "error",
      message: "block refused by every node that answered",
      context: { height: HEIGHT, hash: HASH, user: "alice.rig", reason: "bad-txnmrklroot" },
    });
    await bench.pass(600_000);
    expect([bench.near.submissions.length, bench.far.submissions.length]).toEqual([1, 1]);
    expect(bench.clock.pending).toBe(0);
  });

  it("is refused when it is buried, though another node never answered", async () => {
    await bench.answer(bench.near, REFUSED);
    await bench.answer(bench.far, FAILED);
    await bench.check(unknown(HEIGHT + 6));
    expect(await ends()).toEqual([["submitted", "refused"], ["aside"]]);
  });

  it("is not brought to one that refused it any more, wherever it stands there", async () => {
    await bench.answer(bench.near, REFUSED);
    await bench.answer(bench.far, ACCEPTED);
    await bench.check(unknown(), onChain(1));
    await bench.check(offChain(), onChain(1));
    await bench.pass(60_000);
    expect(bench.near.submissions).toHaveLength(1);
    expect(bench.near.preferred).toEqual([]);
  });

  it("but one has on its chain is accepted", async () => {
    await bench.answer(bench.near, REFUSED);
    await bench.check(onChain(1));
    expect(await ends()).toEqual([["submitted", "accepted"], ["kept"]]);
    await bench.check(unknown(HEIGHT + 6));
    expect((await ends())[1]).toEqual(["removed"]);
  });
});

describe("the questions", () => {
  it("come after each answer, and by themselves after 10 s, 20 s, 40 s and then each minute", async () => {
    const asked = (): number => bench.near.asked.length;
    expect(asked()).toBe(0);
    for (const [index, waitMs] of [10_000, 20_000, 40_000, 60_000, 60_000].entries()) {
      await bench.pass(waitMs - 1);
      expect(asked()).toBe(index);
      await bench.pass(1);
      expect(asked()).toBe(index + 1);
    }
    await bench.answer(bench.near, ACCEPTED);
    expect(asked()).toBe(6);
    await bench.pass(10_000);
    expect(asked()).toBe(7);
    expect(bench.far.asked).toEqual(bench.near.asked);
    expect(bench.near.asked[0]).toEqual(blockFound().hash);
  });

  it("come a second after a new tip, once for all tips of that second", async () => {
    bench.submitter.onNewTip();
    await bench.pass(500);
    bench.submitter.onNewTip();
    await bench.pass(499);
    expect(bench.near.asked).toEqual([]);
    await bench.pass(1);
    expect(bench.near.asked).toHaveLength(1);
    bench.submitter.onNewTip();
    await bench.pass(1_000);
    expect(bench.near.asked).toHaveLength(2);
  });

  it("are not asked twice at once: what happens meanwhile leads to another round after it", async () => {
    let answer: (standing: BlockStanding) => void = () => undefined;
    bench.near.onAsk = () =>
      new Promise((resolve) => {
        answer = resolve;
      });
    await bench.answer(bench.near, ACCEPTED);
    await bench.answer(bench.far, ACCEPTED);
    expect(bench.near.asked).toHaveLength(1);
    answer(onChain(1));
    await nextTurn();
    expect(bench.near.asked).toHaveLength(2);
    answer(onChain(1));
    await nextTurn();
    expect(bench.near.asked).toHaveLength(2);
  });

  it.each<[string, () => Promise<BlockStanding>]>([
    ["hangs", () => new Promise(() => undefined)],
    ["rejects", () => Promise.reject(new Error("a fault of ours"))],
    [
      "throws",
      () => {
        throw new Error("a fault of ours");
      },
    ],
  ])("are answered by the others where a node %s", async (_how, onAsk) => {
    bench.near.onAsk = onAsk;
    bench.far.standing = onChain(6);
    await bench.answer(bench.far, ACCEPTED);
    await bench.pass(30_000);
    expect((await ends())[0].at(-1)).toBe("confirmed");
  });
});
