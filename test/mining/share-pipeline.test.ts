import { beforeEach, describe, expect, it } from "vitest";
import { targetOfDifficulty } from "../../src/bitcoin/target.ts";
import type { Channel } from "../../src/mining/channel.ts";
import { VERDICT_UNKNOWN_JOB } from "../../src/sharecore/types.ts";
import type { ShareSubmission } from "../../src/wire/share-fields.ts";
import { PoolHarness, template } from "../session/session-fixture.ts";
import { SteeredValidator } from "../support/steered-validator.ts";
import { within } from "../support/wait.ts";
import { A, B, NOW, NTIME, Rig } from "./channel-rig.ts";

const RUN = 4_096;
const WAITING_RUNS = 64;

let validator: SteeredValidator;
let harness: PoolHarness;
let rig: Rig;
let channel: Channel;
let good: ShareSubmission;

beforeEach(() => {
  validator = new SteeredValidator();
  harness = new PoolHarness({}, { validator });
  rig = new Rig(harness);
  channel = rig.open();
  good = rig.view.share(channel.channelId);
});

/** Adds a share that differs from all others. */
function add(sequenceNumber: number, fields: Partial<ShareSubmission> = {}): boolean {
  const nonce = good.nonce + sequenceNumber;
  return harness.pool.addShare(channel, { ...good, nonce, sequenceNumber, jobId: 99, ...fields }, NOW);
}

function outcomes(): string[] {
  return harness.outcomes.map((outcome) => outcome.replace(`${channel.key} `, ""));
}

describe("the shares of one turn", () => {
  it("are judged in the order in which they came, whatever needs a hash and whatever does not", () => {
    add(1);
    add(2, { jobId: good.jobId });
    add(3, { jobId: good.jobId, extranonce: new Uint8Array(2) });
    add(4, { jobId: good.jobId, ntime: 5 });
    add(5, { jobId: good.jobId, nonce: good.nonce + 2 });
    add(6);
    expect(harness.outcomes, "nothing before the turn's end").toEqual([]);
    harness.pool.flushShares();
    expect(outcomes()).toEqual([
      "1 invalid-job-id",
      "accepted",
      "3 bad-extranonce-size",
      "4 invalid-timestamp",
      "5 duplicate-share",
      "6 invalid-job-id",
    ]);
  });

  it("ask once for a flush, and so do those of the next", () => {
    add(1);
    add(2);
    expect(harness.gathered).toBe(1);
    harness.pool.flushShares();
    add(3);
    expect(harness.gathered).toBe(2);
  });

  it("fill one run, and the next share begins another", () => {
    for (let share = 1; share <= RUN; share += 1) add(share, { jobId: good.jobId });
    expect(validator.taken).toEqual([]);
    add(RUN + 1, { jobId: good.jobId });
    expect(validator.taken).toEqual([RUN]);
    harness.pool.flushShares();
    expect(validator.taken).toEqual([RUN, 1]);
    expect(channel.tally.acceptedShares).toBe(RUN + 1);
  });

  it("leave nothing behind in a run that is used again", () => {
    add(1, { jobId: good.jobId, ntime: 5 });
    add(2, { jobId: good.jobId });
    harness.pool.flushShares();
    harness.outcomes.length = 0;
    for (let turn = 3; turn < 6; turn += 1) {
      add(turn, { jobId: good.jobId });
      harness.pool.flushShares();
    }
    expect(outcomes()).toEqual(["accepted", "accepted", "accepted"]);
    expect(validator.taken, "each run is emptied first").toEqual([2, 1, 1, 1]);
  });
});

describe("a validator that has no room", () => {
  it("stops the reading once, and lets it go on when all that waited is handed over", () => {
    validator.refusing = true;
    add(1);
    harness.pool.flushShares();
    add(2);
    harness.pool.flushShares();
    expect(harness.backpressure).toEqual(["senders"]);
    validator.drain();
    expect(harness.backpressure).toEqual(["senders", "none"]);
    expect(outcomes()).toEqual(["1 invalid-job-id", "2 invalid-job-id"]);
    add(3);
    harness.pool.flushShares();
    expect(harness.backpressure, "an ordinary flush says nothing").toEqual(["senders", "none"]);
    validator.drain();
    expect(harness.backpressure, "nor does room that nobody waited for").toEqual(["senders", "none"]);
  });

  it("stops the reading from everybody once half of the runs wait, and not before", () => {
    validator.refusing = true;
    for (let run = 1; run < WAITING_RUNS / 2; run += 1) {
      add(run);
      harness.pool.flushShares();
    }
    expect(harness.backpressure).toEqual(["senders"]);
    for (let run = 0; run < 2; run += 1) {
      add(WAITING_RUNS + run);
      harness.pool.flushShares();
    }
    expect(harness.backpressure).toEqual(["senders", "everybody"]);
  });

  it("leaves nothing unsettled once it has taken what waited", async () => {
    validator.refusing = true;
    add(1);
    harness.pool.flushShares();
    const settled = harness.pool.settled();
    validator.drain();
    await within(settled, "all shares are settled");
    expect(outcomes()).toEqual(["1 invalid-job-id"]);
  });

  it("gets a later run after the one that waits, even where it would take it at once", () => {
    validator.refusing = true;
    add(1);
    harness.pool.flushShares();
    validator.refusing = false;
    add(2);
    harness.pool.flushShares();
    expect(outcomes()).toEqual([]);
    validator.drain();
    expect(outcomes()).toEqual(["1 invalid-job-id", "2 invalid-job-id"]);
  });

  it("that fills up again while it is drained keeps the rest waiting", () => {
    validator.refusing = true;
    for (let share = 1; share <= 3; share += 1) {
      add(share);
      harness.pool.flushShares();
    }
    harness.onRejected = (...[, { sequenceNumber }]): void => {
      harness.outcomes.push(`${channel.key} ${sequenceNumber}`);
      validator.refusing = true;
    };
    validator.drain();
    expect(outcomes()).toEqual(["1"]);
    expect(harness.backpressure).toEqual(["senders"]);
    validator.drain();
    validator.drain();
    expect(outcomes()).toEqual(["1", "2", "3"]);
    expect(harness.backpressure).toEqual(["senders", "none"]);
  });

  it("lets 64 runs wait, fills one more, and takes no share after that", () => {
    validator.refusing = true;
    let taken = 0;
    while (taken <= (WAITING_RUNS + 2) * RUN && add(taken + 1)) taken += 1;
    expect(taken).toBe((WAITING_RUNS + 1) * RUN);
    expect(harness.backpressure).toEqual(["senders", "everybody"]);
    validator.drain();
    expect(harness.backpressure).toEqual(["senders", "everybody", "none"]);
    harness.pool.flushShares();
    expect(harness.outcomes).toHaveLength(taken);
    expect(add(taken + 1), "there is room again").toBe(true);
  });

  it("keeps a job until the shares that were taken before its release are handed over, for a closed channel too", () => {
    harness.pool.setTemplate(template({ prevHash: A }));
    const block = rig.view.share(channel.channelId, { meets: targetOfDifficulty(1e-9) });
    validator.refusing = true;
    add(1);
    harness.pool.flushShares();
    harness.pool.addShare(channel, block, NOW);
    expect(validator.live.standard).toBe(1);
    harness.pool.disconnect(rig.connection);
    expect(validator.live.standard).toBe(1);
    validator.drain();
    expect(validator.live.standard).toBe(0);
    expect(harness.blocks).toHaveLength(1);
    expect(harness.outcomes).toEqual([`${channel.key} 1 invalid-job-id`, `${channel.key} accepted block`]);
  });
});

describe("shares under way", () => {
  beforeEach(() => {
    validator.holding = true;
  });

  it("are waited for until the last one is settled", async () => {
    let settled = false;
    add(1);
    const waiting = harness.pool.settled().then(() => {
      settled = true;
    });
    expect(validator.taken, "what was gathered is handed over first; there is nothing to hash in it").toEqual([0]);
    await Promise.resolve();
    expect(settled).toBe(false);
    add(2);
    harness.pool.flushShares();
    validator.deliver(1);
    expect(outcomes()).toEqual(["1 invalid-job-id"]);
    await Promise.resolve();
    expect(settled, "another run is under way").toBe(false);
    validator.deliver();
    await within(waiting, "all shares are settled");
    expect(outcomes()).toEqual(["1 invalid-job-id", "2 invalid-job-id"]);
  });

  it("are not waited for where there are none", async () => {
    await harness.pool.settled();
    add(1);
    harness.pool.flushShares();
    validator.deliver();
    await harness.pool.settled();
    expect(outcomes()).toHaveLength(1);
  });

  it("of a channel that is closed before their verdict count all the same: they were earned before", () => {
    add(1, { jobId: good.jobId });
    add(2);
    harness.pool.flushShares();
    rig.close(channel.channelId);
    validator.deliver();
    expect(harness.outcomes).toEqual([`${channel.key} accepted`, `${channel.key} 2 invalid-job-id`]);
    expect(channel.tally.take()).toMatchObject({ acceptedShares: 1, rejects: { "invalid-job-id": 1 } });
  });

  it("are looked at for blocks before any of them is settled", () => {
    harness.pool.setTemplate(template({ prevHash: A }));
    const block = rig.view.share(channel.channelId, { meets: targetOfDifficulty(1e-9) });
    add(1);
    harness.pool.addShare(channel, block, NOW);
    harness.onRejected = (): void => {
      harness.outcomes.push(`rejected with ${harness.blocks.length} block on its way`);
    };
    harness.pool.flushShares();
    validator.deliver();
    expect(harness.outcomes).toEqual(["rejected with 1 block on its way", `${channel.key} accepted block`]);
  });

  it("may close a channel while others wait for the turn's end: those come after, and the slot is given back", () => {
    const other = rig.open();
    const otherShare = rig.view.share(other.channelId);
    add(1, { jobId: good.jobId });
    harness.pool.flushShares();
    harness.pool.addShare(other, otherShare, NOW);
    harness.onAccepted = (one): void => {
      harness.outcomes.push(one.key);
      if (one === channel) rig.close(channel.channelId);
    };
    expect(validator.live.standard).toBe(2);
    validator.deliver(1);
    expect(harness.outcomes).toEqual([channel.key]);
    expect(validator.live.standard, "of the closed channel no longer").toBe(1);
    validator.deliver();
    expect(harness.outcomes).toEqual([channel.key, other.key]);
  });

  it("are judged by the target of their job, whatever changes before their verdict", () => {
    const share = rig.view.share(channel.channelId, { ntime: NTIME + 1 });
    harness.pool.addShare(channel, share, NOW);
    harness.pool.flushShares();
    rig.template({ prevHash: B });
    validator.deliver();
    expect(outcomes()).toEqual(["accepted"]);
    expect(channel.tally.take().difficulty).toBe(channel.jobs[0]?.difficulty);
  });
});

describe("a fault of ours", () => {
  it("in one share's handling costs no other share its verdict, and is logged", () => {
    const accepted = harness.onAccepted.bind(harness);
    let calls = 0;
    harness.onAccepted = (...args): void => {
      calls += 1;
      if (calls === 1) throw new Error("injected");
      accepted(...args);
    };
    add(1, { jobId: good.jobId });
    add(2, { jobId: good.jobId });
    harness.pool.flushShares();
    expect(outcomes()).toEqual(["accepted"]);
    expect(harness.logger.of("a share could not be settled")).toEqual([
      { channel: channel.key, stack: expect.stringContaining("injected") },
    ]);
  });

  it("that makes the validator forget a job is logged, and its shares are rejected", () => {
    const submit = validator.submit.bind(validator);
    validator.submit = (batch, onVerdicts) =>
      submit(batch, (verdicts) =>
        onVerdicts({
          count: verdicts.count,
          flags: () => VERDICT_UNKNOWN_JOB,
          hash: (index) => verdicts.hash(index),
        }),
      );
    add(1, { jobId: good.jobId });
    harness.pool.flushShares();
    expect(outcomes()).toEqual(["1 invalid-job-id"]);
    expect(harness.logger.of("a known job was unknown to the share validator")).toEqual([{ jobId: good.jobId }]);
  });
});

describe("standard channels' slots in the validator", () => {
  it("are taken with a job's first share, and given back with the job", () => {
    expect(validator.live.standard).toBe(0);
    rig.mine(channel);
    rig.mine(channel, { ntime: NTIME + 1 });
    expect(validator.live.standard).toBe(1);
    rig.template();
    rig.mine(channel, { ntime: NTIME + 2 });
    expect(validator.live.standard).toBe(2);
    for (let refresh = 0; refresh < 15; refresh += 1) rig.template();
    expect(validator.live.standard, "the first job is forgotten").toBe(1);
    rig.template();
    expect(validator.live.standard).toBe(0);
  });

  it("are bounded: shares beyond are validated over the coinbase, with the same verdict", () => {
    const bounded = new Rig(new PoolHarness({}, { maxStandardJobs: 1 }));
    const first = bounded.open();
    expect(bounded.mine(first)).toBe("accepted");
    expect(first.jobs.at(-1)?.standardHandle).toBeDefined();
    bounded.template();
    const share = bounded.view.share(first.channelId, { ntime: NTIME + 1 });
    expect(bounded.judge(first, share)).toBe("accepted");
    expect(first.jobs.at(-1)?.standardHandle).toBeUndefined();
    expect(bounded.judge(first, share)).toBe("duplicate-share");
    bounded.close(first.channelId);
    const other = bounded.open();
    expect(bounded.mine(other)).toBe("accepted");
    expect(other.jobs.at(-1)?.standardHandle, "a slot that was given back is used again").toBeDefined();
  });
});

describe("the pool's counters", () => {
  it("count each share once, by its fate", () => {
    rig.mine(channel);
    for (let share = 1; share <= 3; share += 1) rig.judge(channel, good);
    rig.judge(channel, { ...good, jobId: 99 });
    harness.pool.noteStrayShare("invalid-channel-id");
    harness.pool.noteStrayShare("before-channel");
    harness.pool.noteStrayShare("before-channel");
    expect(harness.counted("adit_shares_accepted_total")).toBe(1);
    expect(harness.counted("adit_shares_rejected_total", "duplicate-share")).toBe(3);
    expect(harness.counted("adit_shares_rejected_total", "invalid-job-id")).toBe(1);
    expect(harness.counted("adit_shares_rejected_total", "invalid-channel-id")).toBe(1);
    expect(harness.counted("adit_shares_before_channel_total")).toBe(2);
  });
});
