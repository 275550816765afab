import { beforeEach, describe, expect, it } from "vitest";
import { targetOfDifficulty, targetToBytes } from "../../src/bitcoin/target.ts";
import { AcknowledgementBook } from "../../src/mining/acknowledgements.ts";
import type { Channel } from "../../src/mining/channel.ts";
import { Rig } from "./channel-rig.ts";

/** A hash that reached about that difficulty. */
const hashOf = (difficulty: number): Uint8Array => targetToBytes(targetOfDifficulty(difficulty));

let book: AcknowledgementBook;
let alice: Channel;
let bob: Channel;

beforeEach(() => {
  book = new AcknowledgementBook();
  const rig = new Rig();
  alice = rig.open({ userIdentity: "alice" });
  bob = rig.open({ userIdentity: "bob" });
});

function accept(channel: Channel, sequenceNumber: number, difficulty = 1, reached = difficulty): void {
  channel.tally.accept({ sequenceNumber, difficulty, hash: hashOf(reached) });
  book.noteAccepted(channel);
}

describe("what a flush takes", () => {
  it("is nothing where nothing happened", () => {
    expect(book.take("batch-1", 7)).toBeUndefined();
    expect(book.pendingShares).toBe(0);
  });

  it("is one credit and one acknowledgement per channel, in the order of their first shares", () => {
    accept(bob, 5, 2);
    accept(alice, 1, 1);
    accept(bob, 6, 3, 50);
    expect(book.pendingShares).toBe(3);
    const flush = book.take("batch-1", 7);
    expect(flush?.acknowledgements).toEqual([
      { channel: bob, lastSequenceNumber: 6, acceptedShares: 2, sharesSum: 5n },
      { channel: alice, lastSequenceNumber: 1, acceptedShares: 1, sharesSum: 1n },
    ]);
    expect(flush?.commit).toMatchObject({
      batchId: "batch-1",
      atMs: 7,
      credits: [
        { userIdentity: "bob", acceptedShares: 2, difficulty: 5, rejects: {} },
        { userIdentity: "alice", acceptedShares: 1, difficulty: 1, rejects: {} },
      ],
    });
    expect(flush?.commit.credits[0]?.bestDifficulty).toBeCloseTo(50, 6);
  });

  it("is taken once: the next one begins anew", () => {
    accept(alice, 1, 1, 90);
    alice.tally.reject("stale-share");
    book.take("batch-1", 7);
    expect(book.pendingShares).toBe(0);
    expect(book.take("batch-2", 8)).toBeUndefined();
    accept(alice, 2, 4, 5);
    const flush = book.take("batch-3", 9);
    expect(flush?.acknowledgements).toMatchObject([{ lastSequenceNumber: 2, acceptedShares: 1, sharesSum: 4n }]);
    expect(flush?.commit.credits).toMatchObject([{ acceptedShares: 1, difficulty: 4, rejects: {} }]);
    expect(flush?.commit.credits[0]?.bestDifficulty).toBeCloseTo(5, 6);
  });

  it("knows the best hash of its shares, wherever among them it came", () => {
    for (const reached of [7, 300, 20]) accept(alice, 1, 1, reached);
    expect(book.take("batch-1", 7)?.commit.credits[0]?.bestDifficulty).toBeCloseTo(300, 6);
  });

  it("of a channel with rejects alone is credited, and not acknowledged", () => {
    alice.tally.reject("stale-share");
    book.noteRejected(alice);
    alice.tally.reject("stale-share");
    book.noteRejected(alice);
    alice.tally.reject("duplicate-share");
    book.noteRejected(alice);
    expect(book.pendingShares, "rejects do not make a flush due").toBe(0);
    const flush = book.take("batch-1", 7);
    expect(flush?.acknowledgements).toEqual([]);
    expect(flush?.commit.credits).toEqual([
      {
        userIdentity: "alice",
        acceptedShares: 0,
        difficulty: 0,
        bestDifficulty: 0,
        rejects: { "stale-share": 2, "duplicate-share": 1 },
      },
    ]);
  });

  it("acknowledges a first sequence number of 0, and one after a gap", () => {
    accept(alice, 0);
    expect(book.take("batch-1", 7)?.acknowledgements[0]?.lastSequenceNumber).toBe(0);
    accept(alice, 700);
    accept(alice, 3);
    expect(book.take("batch-2", 7)?.acknowledgements[0]?.lastSequenceNumber, "the most recent one").toBe(3);
  });

  it("carries a channel's fraction over to its own next acknowledgement, and credits it exactly", () => {
    accept(alice, 1, 0.75);
    accept(bob, 1, 0.75);
    const first = book.take("batch-1", 7);
    expect(first?.acknowledgements.map(({ sharesSum }) => sharesSum)).toEqual([0n, 0n]);
    expect(first?.commit.credits.map(({ difficulty }) => difficulty)).toEqual([0.75, 0.75]);
    accept(alice, 2, 0.75);
    accept(alice, 3, 0.75);
    expect(book.take("batch-2", 7)?.acknowledgements).toMatchObject([{ acceptedShares: 2, sharesSum: 2n }]);
  });
});
