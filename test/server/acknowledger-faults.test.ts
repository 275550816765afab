import { beforeEach, describe, expect, it } from "vitest";
import { isSettled, nextTurn, within } from "../support/wait.ts";
import { AcknowledgerBench, RETRY_MS } from "./acknowledger-bench.ts";
import { HeldCall } from "./held-ledger.ts";

let bench: AcknowledgerBench;
beforeEach(() => {
  bench = new AcknowledgerBench();
});

describe("a commit that fails", () => {
  it("is tried again each second, the same batch, until it succeeds", async () => {
    bench.accept(bench.alice, { urgent: true });
    for (let attempt = 0; attempt < 3; attempt += 1) {
      await bench.commitFails(attempt);
      bench.clock.advance(RETRY_MS - 1);
      expect(bench.ledger.commits).toHaveLength(attempt + 1);
      bench.clock.advance(1);
      await nextTurn();
      expect(bench.ledger.commits).toHaveLength(attempt + 2);
      expect(bench.alice.frames).toEqual([]);
    }
    await bench.commitEnds(3);
    expect(new Set(bench.ledger.commits.map(({ value }) => value)).size).toBe(1);
    expect(bench.alice.frames).toHaveLength(1);
    expect(bench.logger.of("shares cannot be stored: their acknowledgements wait")).toEqual([
      { code: "internal-error", reason: "the disk is full" },
    ]);
  });

  it("lets no other commit pass and nothing be acknowledged meanwhile, and what waited follows at once", async () => {
    bench.accept(bench.alice, { urgent: true });
    await bench.commitFails(0);
    bench.accept(bench.bob, { urgent: true });
    bench.accept(bench.alice);
    bench.clock.advance(RETRY_MS);
    await bench.commitFails(1);
    expect(bench.ledger.commits.map(({ value }) => value.credits.length)).toEqual([1, 1]);
    expect([...bench.alice.frames, ...bench.bob.frames]).toEqual([]);
    bench.clock.advance(RETRY_MS);
    await bench.commitEnds(2);
    await bench.commitEnds(3);
    expect(bench.ledger.commits.map(({ value }) => value.credits.length)).toEqual([1, 1, 1, 2]);
    expect(bench.alice.frames).toHaveLength(2);
    expect(bench.bob.frames).toHaveLength(1);
  });

  it("may fail by throwing, instead of by its promise", async () => {
    const { commit } = bench.ledger;
    bench.ledger.commit = () => {
      throw new Error("the disk is full");
    };
    bench.accept(bench.alice, { urgent: true });
    await bench.clock.waiting(RETRY_MS);
    bench.ledger.commit = commit;
    bench.clock.advance(RETRY_MS);
    await nextTurn();
    await bench.commitEnds(0);
    expect(bench.alice.frames).toHaveLength(1);
  });
});

describe("a probe", () => {
  beforeEach(() => {
    bench.ledger.holdsProbes = true;
    bench.acknowledger.probe();
  });

  it("says of a ledger that takes nothing what is wrong with it before there are shares, and when it is good again", async () => {
    expect(bench.ledger.commits.map(({ value }) => value.credits)).toEqual([[]]);
    await bench.commitFails(0);
    expect(bench.acknowledger.ledgerFault).toMatchObject({ reason: "the disk is full" });
    expect(bench.logger.of("shares cannot be stored: their acknowledgements wait")).toHaveLength(1);
    bench.clock.advance(RETRY_MS);
    await bench.commitEnds(1);
    expect(bench.acknowledger.ledgerFault).toBeUndefined();
    expect(bench.ledger.commits[1]?.value).toBe(bench.ledger.commits[0]?.value);
    expect(bench.clock.pending).toBe(0);
  });

  it("is what shares wait for that come meanwhile, under an id of their own", async () => {
    bench.accept(bench.alice, { urgent: true });
    expect(bench.ledger.commits).toHaveLength(1);
    await bench.commitEnds(0);
    expect(bench.alice.frames).toEqual([]);
    await bench.commitEnds(1);
    expect(bench.alice.frames).toHaveLength(1);
    expect(new Set(bench.ledger.commits.map(({ value }) => value.batchId)).size).toBe(2);
  });

  it("is not waited for by a flush that has nothing, and is by one that has", async () => {
    await within(bench.acknowledger.flush(), "the flush");
    bench.acknowledger.noteRejected(bench.alice.channel);
    const flushed = bench.acknowledger.flush();
    expect(await isSettled(flushed)).toBe(false);
    await bench.commitEnds(0);
    await bench.commitEnds(1);
    await within(flushed, "the flush");
  });
});

describe("flush()", () => {
  it("resolves when all that was noted before is stored and acknowledged, and not before", async () => {
    bench.accept(bench.alice);
    let done = false;
    const flushed = bench.acknowledger.flush().then(() => {
      done = true;
    });
    await nextTurn();
    expect(done).toBe(false);
    await bench.commitEnds(0);
    await within(flushed, "the flush");
    expect(bench.alice.frames).toHaveLength(1);
    expect(bench.clock.pending).toBe(0);
  });

  it("resolves at once where there is nothing, and commits nothing", async () => {
    await within(bench.acknowledger.flush(), "the flush");
    expect(bench.ledger.commits).toEqual([]);
  });

  it("waits for a commit that is under way, and for what was noted since", async () => {
    bench.accept(bench.alice, { urgent: true });
    bench.accept(bench.bob);
    let done = false;
    const flushed = bench.acknowledger.flush().then(() => {
      done = true;
    });
    await bench.commitEnds(0);
    expect(bench.ledger.commits).toHaveLength(2);
    expect(done).toBe(false);
    await bench.commitEnds(1);
    await within(flushed, "the flush");
    expect(bench.bob.frames).toHaveLength(1);
  });

  it("of several callers at once commits each share once, and resolves for all of them", async () => {
    bench.accept(bench.alice, { urgent: true });
    bench.accept(bench.bob);
    const resolved: string[] = [];
    const flushes = ["first", "second", "third"].map((name) =>
      bench.acknowledger.flush().then(() => resolved.push(name)),
    );
    await bench.commitEnds(0);
    expect(resolved).toEqual([]);
    expect(bench.ledger.commits).toHaveLength(2);
    await bench.commitEnds(1);
    await within(Promise.all(flushes), "all flushes");
    expect(bench.ledger.commits).toHaveLength(2);
    expect(bench.counts()).toEqual([1, 1]);
    expect(bench.bob.frames).toHaveLength(1);
  });
});

describe("what acknowledgements wait for besides the ledger", () => {
  it("is asked for when the commit begins, and neither alone is enough", async () => {
    const waits: HeldCall<number>[] = [];
    bench = new AcknowledgerBench({
      beforeAcknowledging: () => {
        waits.push(new HeldCall(bench.ledger.commits.length));
        return waits.at(-1)?.ended ?? Promise.reject(new Error("nothing is waited for"));
      },
    });
    bench.accept(bench.alice, { urgent: true });
    await nextTurn();
    expect(waits.map(({ value }) => value)).toEqual([0]);
    waits[0]?.resolve();
    await nextTurn();
    expect(bench.alice.frames).toEqual([]);
    await bench.commitEnds(0);
    expect(bench.alice.frames).toHaveLength(1);

    bench.accept(bench.bob, { urgent: true });
    await bench.commitEnds(1);
    expect(bench.bob.frames).toEqual([]);
    expect([bench.acknowledger.storedShares, bench.acknowledger.unstoredShares]).toEqual([2, 0]);
    // Nothing passes it.
    bench.accept(bench.alice, { urgent: true });
    await nextTurn();
    expect(bench.ledger.commits).toHaveLength(2);
    waits[1]?.resolve();
    await nextTurn();
    expect(bench.bob.frames).toHaveLength(1);
    expect(bench.ledger.commits).toHaveLength(3);
  });
});
