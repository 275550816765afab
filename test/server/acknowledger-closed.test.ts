import { beforeEach, describe, expect, it } from "vitest";
import { nextTurn } from "../support/wait.ts";
import { AcknowledgerBench, RETRY_MS } from "./acknowledger-bench.ts";
import { RecordingChannel } from "./recording-channel.ts";

const BEGUN = "shares of closed channels are lost: too many workers wait for the ledger";
const ENDED = "shares of closed channels were lost";

let bench: AcknowledgerBench;
beforeEach(() => {
  bench = new AcknowledgerBench();
});

/** A miner opens a channel, finds a share, has one refused, and goes. */
function visit(userIdentity: string, accepted = 1): void {
  const visitor = new RecordingChannel(9, userIdentity);
  for (let share = 0; share < accepted; share += 1) bench.accept(visitor);
  visitor.channel.tally.reject("stale-share");
  bench.acknowledger.noteRejected(visitor.channel);
  visitor.channel.open = false;
  bench.acknowledger.look();
}

function metric(name: string): number | undefined {
  return bench.metrics.samples().find((sample) => sample.name === name)?.value;
}

const waiting = (): number | undefined => metric("adit_channels_unacknowledged");

describe("while the ledger hangs", () => {
  it("channels that come and go are not kept, and what they earned and lost is stored once it answers", async () => {
    bench.accept(bench.alice, { urgent: true });
    for (let minute = 0; minute < 100; minute += 1) {
      visit(minute % 2 === 0 ? "carol" : "dave");
      expect(waiting(), "the one of the commit under way").toBe(1);
    }
    bench.accept(bench.bob);
    expect(bench.acknowledger.unstoredShares).toBe(102);
    await bench.commitEnds(0);
    await bench.commitEnds(1);
    const visited = { acceptedShares: 50, difficulty: 50, rejects: { "stale-share": 50 } };
    expect(bench.ledger.commits.map(({ value }) => value.credits)).toMatchObject([
      [{ userIdentity: "alice", acceptedShares: 1 }],
      [
        { userIdentity: "carol", ...visited },
        { userIdentity: "dave", ...visited },
        { userIdentity: "bob", acceptedShares: 1 },
      ],
    ]);
    expect([bench.acknowledger.storedShares, bench.acknowledger.unstoredShares]).toEqual([102, 0]);
    expect(bench.logger.of(BEGUN)).toEqual([]);
  });

  it("and fails, their credits go with the next batch, each once", async () => {
    bench.accept(bench.alice, { urgent: true });
    await bench.commitFails(0);
    visit("carol");
    bench.clock.advance(RETRY_MS);
    await bench.commitFails(1);
    visit("carol");
    bench.clock.advance(RETRY_MS);
    await bench.commitEnds(2);
    void bench.acknowledger.flush();
    await bench.commitEnds(3);
    expect(bench.ledger.commits.map(({ value }) => value.credits)).toMatchObject([
      ...new Array(3).fill([{ userIdentity: "alice" }]),
      [{ userIdentity: "carol", acceptedShares: 2, rejects: { "stale-share": 2 } }],
    ]);
    await bench.acknowledger.flush();
    expect(bench.ledger.commits).toHaveLength(4);
  });

  it("channels of the commit under way are let go as they close, and the others are acknowledged", async () => {
    bench.accept(bench.alice);
    bench.accept(bench.bob, { urgent: true });
    bench.acknowledger.look();
    expect(waiting()).toBe(2);
    bench.alice.channel.open = false;
    bench.acknowledger.look();
    expect(waiting()).toBe(1);
    await bench.commitEnds(0);
    expect(bench.ledger.commits[0]?.value.credits).toHaveLength(2);
    expect([bench.alice.frames.length, bench.bob.frames.length]).toEqual([0, 1]);
    bench.acknowledger.look();
    expect(waiting()).toBe(0);
  });
});

describe("more workers than are kept while the ledger hangs", () => {
  beforeEach(() => {
    bench = new AcknowledgerBench({ maxKeptWorkers: 2 });
    bench.accept(bench.alice, { urgent: true });
    visit("carol");
    visit("dave");
  });

  it("lose their shares, which is said as it begins and as it ends, and counted", async () => {
    expect(bench.logger.of(BEGUN)).toEqual([]);
    visit("erin", 3);
    visit("frank");
    expect(bench.logger.of(BEGUN)).toHaveLength(1);
    expect(bench.logger.of(ENDED)).toEqual([]);
    expect(metric("adit_shares_lost_total")).toBe(4);
    expect(bench.acknowledger.unstoredShares, "what is lost is not waited for").toBe(3);
    await bench.commitEnds(0);
    void bench.acknowledger.flush();
    expect(bench.logger.of(ENDED)).toEqual([{ acceptedShares: 4, rejectedShares: 2 }]);
    await bench.commitEnds(1);
    expect(bench.ledger.commits[1]?.value.credits).toMatchObject([{ userIdentity: "carol" }, { userIdentity: "dave" }]);
    expect([bench.acknowledger.storedShares, bench.acknowledger.unstoredShares]).toEqual([3, 0]);
  });

  it("are told of anew with the next time, and of nothing where nothing was lost", async () => {
    visit("erin");
    await bench.commitEnds(0);
    void bench.acknowledger.flush();
    await bench.commitEnds(1);
    for (const name of ["carol", "dave"]) visit(name);
    void bench.acknowledger.flush();
    await bench.commitEnds(2);
    expect(bench.logger.of(ENDED)).toHaveLength(1);
    bench.accept(bench.alice, { urgent: true });
    for (const name of ["carol", "dave", "erin"]) visit(name);
    expect(bench.logger.of(BEGUN)).toHaveLength(2);
    expect(metric("adit_shares_lost_total")).toBe(2);
  });

  it("are told of by the pool that stops before the ledger answers", async () => {
    visit("erin");
    await nextTurn();
    bench.acknowledger.end();
    expect(bench.logger.of(ENDED)).toEqual([{ acceptedShares: 1, rejectedShares: 1 }]);
  });
});
