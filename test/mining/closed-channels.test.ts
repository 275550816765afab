import { beforeEach, describe, expect, it } from "vitest";
import { targetOfDifficulty, targetToBytes } from "../../src/bitcoin/target.ts";
import { AcknowledgementBook } from "../../src/mining/acknowledgements.ts";
import type { Channel } from "../../src/mining/channel.ts";
import { Rig } from "./channel-rig.ts";

const NONE = { accepted: 0, rejected: 0 };

let book: AcknowledgementBook;
let rig: Rig;
let sequenceNumber: number;

beforeEach(() => {
  book = new AcknowledgementBook();
  rig = new Rig();
  sequenceNumber = 0;
});

function accept(channel: Channel, difficulty = 1, worker?: string): void {
  sequenceNumber += 1;
  const hash = targetToBytes(targetOfDifficulty(difficulty));
  const name = new TextEncoder().encode(worker ?? "");
  channel.tally.accept({ sequenceNumber, difficulty, hash, worker: name });
  book.noteAccepted(channel);
}

function reject(channel: Channel): void {
  channel.tally.reject("stale-share");
  book.noteRejected(channel);
}

const credits = () => book.take("batch", 7)?.commit.credits;

describe("a channel that closed before the flush", () => {
  it("is let go with what it earned and lost, which the flush has", () => {
    const alice = rig.open({ userIdentity: "alice" });
    accept(alice, 4);
    reject(alice);
    rig.close(alice.channelId);
    expect(book.channels).toBe(1);
    expect(book.releaseClosed()).toEqual(NONE);
    expect(book.channels).toBe(0);
    expect(book.pendingShares, "they wait still").toBe(1);
    const flush = book.take("batch", 7);
    expect(flush?.acknowledgements).toEqual([]);
    expect(flush?.commit.credits).toEqual([
      {
        userIdentity: "alice",
        acceptedShares: 1,
        difficulty: 4,
        bestDifficulty: expect.closeTo(4, 6),
        rejects: { "stale-share": 1 },
      },
    ]);
    expect(book.pendingShares).toBe(0);
    expect(book.take("batch", 8)).toBeUndefined();
  });

  it("is stored and not acknowledged, also where it was not let go", () => {
    const alice = rig.open({ userIdentity: "alice" });
    const bob = rig.open({ userIdentity: "bob" });
    accept(alice);
    accept(bob);
    rig.close(alice.channelId);
    const flush = book.take("batch", 7);
    expect(flush?.acknowledgements).toMatchObject([{ channel: bob }]);
    expect(flush?.commit.credits).toMatchObject([{ userIdentity: "alice" }, { userIdentity: "bob" }]);
  });

  it("costs nothing more than the one before, where its miner comes and goes", () => {
    for (let visit = 0; visit < 50; visit += 1) {
      const channel = rig.open({ userIdentity: "alice.proxy", kind: "extended" });
      for (const worker of ["rig1", "rig2"]) accept(channel, 2, worker);
      reject(channel);
      rig.close(channel.channelId);
      book.releaseClosed();
      expect(book.channels).toBe(0);
    }
    expect(book.pendingShares).toBe(100);
    expect(credits()).toMatchObject([
      { userIdentity: "alice.rig1", acceptedShares: 50, difficulty: 100, rejects: {} },
      { userIdentity: "alice.rig2", acceptedShares: 50, difficulty: 100, rejects: {} },
      { userIdentity: "alice.proxy", acceptedShares: 0, rejects: { "stale-share": 50 } },
    ]);
  });

  it("lets go of no open one, nor of its acknowledgement", () => {
    const alice = rig.open({ userIdentity: "alice" });
    accept(alice, 3);
    book.releaseClosed();
    expect(book.channels).toBe(1);
    expect(book.take("batch", 7)?.acknowledgements).toMatchObject([{ channel: alice, sharesSum: 3n }]);
  });

  it("is credited for shares whose verdict comes after it was let go, each once", () => {
    const alice = rig.open({ userIdentity: "alice" });
    accept(alice);
    rig.close(alice.channelId);
    book.releaseClosed();
    accept(alice, 8);
    expect(book.channels).toBe(1);
    expect(credits()).toMatchObject([
      { userIdentity: "alice", difficulty: 1 },
      { userIdentity: "alice", difficulty: 8 },
    ]);
    accept(alice, 16);
    book.releaseClosed();
    expect(credits()).toMatchObject([{ userIdentity: "alice", difficulty: 16 }]);
  });

  it("beyond the limit of workers is lost, and its shares wait no more", () => {
    book = new AcknowledgementBook(2);
    const channels = ["alice", "bob", "carol"].map((userIdentity) => rig.open({ userIdentity }));
    const dave = rig.open({ userIdentity: "dave" });
    for (const channel of [...channels, ...channels, dave]) accept(channel);
    for (const channel of channels) {
      reject(channel);
      rig.close(channel.channelId);
    }
    expect(book.releaseClosed()).toEqual({ accepted: 2, rejected: 1 });
    expect(book.channels, "the open one").toBe(1);
    expect(book.pendingShares).toBe(5);
    expect(credits()).toMatchObject([
      { userIdentity: "alice", acceptedShares: 2 },
      { userIdentity: "bob", acceptedShares: 2 },
      { userIdentity: "dave", acceptedShares: 1 },
    ]);
  });
});
