import { beforeEach, describe, expect, it } from "vitest";
import { nextTurn } from "../support/wait.ts";
import { AcknowledgerBench, INTERVAL_MS } from "./acknowledger-bench.ts";

let bench: AcknowledgerBench;
beforeEach(() => {
  bench = new AcknowledgerBench();
});

describe("an accepted share", () => {
  it("waits for the interval, which begins with the first share, and not one millisecond more", async () => {
    bench.acknowledger.noteAccepted(bench.alice.earn(2), false);
    bench.clock.advance(INTERVAL_MS - 1);
    bench.acknowledger.noteAccepted(bench.alice.earn(3), false);
    expect(bench.ledger.commits).toEqual([]);
    bench.clock.advance(1);
    expect(bench.ledger.commits).toHaveLength(1);
    await bench.commitEnds(0);
    expect(bench.alice.acknowledged).toEqual([
      { channel_id: 1, last_sequence_number: 2, new_submits_accepted_count: 2, new_shares_sum: 5n },
    ]);
  });

  it("is acknowledged only once the ledger has it", async () => {
    bench.accept(bench.alice);
    bench.clock.advance(INTERVAL_MS);
    await nextTurn();
    expect(bench.ledger.commits).toHaveLength(1);
    expect(bench.alice.frames).toEqual([]);
    await bench.commitEnds(0);
    expect(bench.alice.frames).toHaveLength(1);
  });

  it("is flushed with all others as soon as their number is reached, and not one share before", async () => {
    bench = new AcknowledgerBench({ maxPendingShares: 3 });
    bench.accept(bench.alice);
    bench.accept(bench.bob);
    expect(bench.ledger.commits).toEqual([]);
    bench.accept(bench.alice);
    expect(bench.ledger.commits).toHaveLength(1);
    await bench.commitEnds(0);
    expect(bench.alice.acknowledged[0]).toMatchObject({ new_submits_accepted_count: 2 });
    expect(bench.bob.acknowledged[0]).toMatchObject({ new_submits_accepted_count: 1 });
    // The timer went with what it was for.
    expect(bench.clock.pending).toBe(0);
  });

  it("that solved a block is flushed at once, with what waits", async () => {
    bench.accept(bench.bob);
    bench.accept(bench.alice, { urgent: true });
    expect(bench.ledger.commits).toHaveLength(1);
    expect(bench.clock.pending).toBe(0);
    await bench.commitEnds(0);
    expect(bench.alice.frames).toHaveLength(1);
    expect(bench.bob.frames).toHaveLength(1);
  });

  it("goes to the ledger with its identity, its difficulty and the time, under an id of its own", async () => {
    bench.acknowledger.noteAccepted(bench.alice.earn(2.5), false);
    bench.acknowledger.noteAccepted(bench.bob.earn(4), true);
    await bench.commitEnds(0);
    bench.accept(bench.alice, { urgent: true });
    const [first, second] = bench.ledger.commits.map(({ value }) => value);
    expect(first).toMatchObject({
      batchId: expect.stringMatching(/^run-/),
      atMs: bench.clock.nowMs(),
      credits: [
        { userIdentity: "alice", acceptedShares: 1, difficulty: 2.5, rejects: {} },
        { userIdentity: "bob", acceptedShares: 1, difficulty: 4, rejects: {} },
      ],
    });
    expect(second?.batchId).toMatch(/^run-/);
    expect(second?.batchId).not.toBe(first?.batchId);
  });

  it("of a channel that closed meanwhile is stored, and nobody is told", async () => {
    bench.accept(bench.alice);
    bench.accept(bench.bob, { urgent: true });
    bench.alice.channel.open = false;
    await bench.commitEnds(0);
    expect(bench.ledger.commits[0]?.value.credits).toHaveLength(2);
    expect(bench.alice.frames).toEqual([]);
    expect(bench.bob.frames).toHaveLength(1);
  });

  it("whose channel takes no frame ends that channel's connection, and no other", async () => {
    bench.alice.fault = new Error("the keys are used up");
    bench.accept(bench.alice);
    bench.accept(bench.bob, { urgent: true });
    await bench.commitEnds(0);
    expect(bench.alice.endedWith).toEqual({ reason: "internal-error", error: bench.alice.fault });
    expect(bench.bob.endedWith).toBeUndefined();
    expect(bench.bob.frames).toHaveLength(1);
    // And the next flush is as the one before.
    bench.accept(bench.bob, { urgent: true });
    await bench.commitEnds(1);
    expect(bench.bob.frames).toHaveLength(2);
  });
});

describe("a rejected share", () => {
  it("without an accepted one reaches the ledger after the interval, and no acknowledgement follows", async () => {
    bench.alice.channel.tally.reject("stale-share");
    bench.acknowledger.noteRejected(bench.alice.channel);
    bench.clock.advance(INTERVAL_MS - 1);
    expect(bench.ledger.commits).toEqual([]);
    bench.clock.advance(1);
    expect(bench.ledger.commits[0]?.value.credits).toMatchObject([
      { acceptedShares: 0, rejects: { "stale-share": 1 } },
    ]);
    await bench.commitEnds(0);
    expect(bench.alice.frames).toEqual([]);
  });

  it("counts for nothing towards the number of shares that is flushed at once", () => {
    bench = new AcknowledgerBench({ maxPendingShares: 1 });
    bench.alice.channel.tally.reject("stale-share");
    bench.acknowledger.noteRejected(bench.alice.channel);
    expect(bench.ledger.commits).toEqual([]);
    bench.accept(bench.alice);
    expect(bench.ledger.commits).toHaveLength(1);
  });
});

describe("a commit that is under way", () => {
  beforeEach(() => {
    bench = new AcknowledgerBench({ maxPendingShares: 3 });
    bench.accept(bench.alice, { urgent: true });
  });

  it.each([
    ["a block", () => bench.accept(bench.bob, { urgent: true })],
    [
      "the number of shares",
      () => {
        for (let share = 0; share < 3; share += 1) bench.accept(bench.bob);
      },
    ],
    [
      "the interval",
      () => {
        bench.accept(bench.bob);
        bench.clock.advance(INTERVAL_MS);
      },
    ],
  ])("is the only one: what %s makes due follows it at once", async (_what, makeDue) => {
    makeDue();
    await nextTurn();
    expect(bench.ledger.commits).toHaveLength(1);
    await bench.commitEnds(0);
    expect(bench.ledger.commits).toHaveLength(2);
    expect(bench.clock.pending).toBe(0);
    // That was that: what comes now is not due.
    bench.accept(bench.alice);
    await bench.commitEnds(1);
    expect(bench.bob.frames).toHaveLength(1);
    expect(bench.ledger.commits).toHaveLength(2);
  });

  it("hurries nothing that is not due: that waits for its own interval", async () => {
    bench.accept(bench.bob);
    await bench.commitEnds(0);
    expect(bench.ledger.commits).toHaveLength(1);
    bench.clock.advance(INTERVAL_MS);
    expect(bench.ledger.commits).toHaveLength(2);
  });

  it("takes nothing that comes while it lasts: the next one has it, once", async () => {
    bench.accept(bench.alice);
    bench.accept(bench.alice, { urgent: true });
    await bench.commitEnds(0);
    await bench.commitEnds(1);
    expect(bench.counts()).toEqual([1, 2]);
    expect(bench.alice.acknowledged.map((message) => message.new_submits_accepted_count)).toEqual([1, 2]);
    expect(bench.alice.acknowledged.map((message) => message.last_sequence_number)).toEqual([1, 3]);
  });
});
