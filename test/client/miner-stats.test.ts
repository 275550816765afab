import { availableParallelism } from "node:os";
import { describe, expect, it } from "vitest";
import { measureHashrate } from "../../src/client/measure-hashrate.ts";
import {
  formatHashrate,
  MAX_REJECT_CODES,
  MinerCounters,
  type MinerStats,
  progressLine,
} from "../../src/client/miner-stats.ts";
import { systemClock } from "../../src/core/clock.ts";
import { ManualClock } from "../support/manual-clock.ts";

const STATS: MinerStats = {
  accepted: 37,
  rejected: 0,
  rejects: {},
  acknowledgedDifficulty: "12",
  blocks: 0,
  hashrate: 6_660_000,
  difficulty: 0.000543901,
};

describe("A miner's counters", () => {
  it("sum what was accepted, exactly", () => {
    const counters = new MinerCounters();
    counters.countAccepted(3, 2n ** 60n);
    counters.countAccepted(1, 1n);
    expect(counters.accepted).toBe(4);
    expect(counters.stats(1)).toMatchObject({ accepted: 4, acknowledgedDifficulty: "1152921504606846977" });
  });

  it("count rejects by code, in a bounded number of codes", () => {
    const counters = new MinerCounters();
    for (let code = 1; code <= MAX_REJECT_CODES; code += 1) counters.countRejected(`code-${code}`);
    expect(Object.keys(counters.stats(1).rejects)).toHaveLength(MAX_REJECT_CODES);
    for (const code of ["code-1", "one-more", "yet-another", "code-1"]) counters.countRejected(code);
    const { rejected, rejects } = counters.stats(1);
    expect(rejected).toBe(MAX_REJECT_CODES + 4);
    expect(rejects["code-1"]).toBe(3);
    expect(rejects.other).toBe(2);
    expect(Object.keys(rejects)).toHaveLength(MAX_REJECT_CODES + 1);
  });

  it("have no hashrate before two samples, and divide by no time that is none", () => {
    const counters = new MinerCounters();
    expect(counters.stats(1).hashrate).toBe(0);
    expect(counters.totals(1, { atMs: 5, hashes: 5 }).hashrate).toBe(0);
    counters.begin({ atMs: 5, hashes: 0 });
    counters.sample({ atMs: 5, hashes: 9 });
    expect([counters.stats(1).hashrate, counters.totals(1, { atMs: 5, hashes: 9 }).hashrate]).toEqual([0, 0]);
  });

  it("show the hashrate of the last ten seconds, and in the end the average of all", () => {
    const counters = new MinerCounters();
    counters.begin({ atMs: 1_000, hashes: 500 });
    for (let second = 1; second <= 20; second += 1) {
      // A thousand a second at first, two thousand in the second half.
      const hashes = 500 + 1_000 * second + 1_000 * Math.max(0, second - 10);
      counters.sample({ atMs: 1_000 + 1_000 * second, hashes });
      if (second === 10) expect(counters.stats(1).hashrate).toBe(1_000);
      if (second === 15) expect(counters.stats(1).hashrate).toBe(1_500);
    }
    expect(counters.stats(1).hashrate).toBe(2_000);
    expect(counters.totals(1, { atMs: 21_000, hashes: 30_500 }).hashrate).toBe(1_500);
  });

  it("begin the hashrate anew with a new channel, and keep the average's beginning", () => {
    const counters = new MinerCounters();
    counters.begin({ atMs: 0, hashes: 0 });
    counters.sample({ atMs: 1_000, hashes: 1_000 });
    counters.begin({ atMs: 5_000, hashes: 1_000 });
    counters.sample({ atMs: 6_000, hashes: 2_000 });
    expect(counters.stats(1).hashrate).toBe(1_000);
    expect(counters.totals(1, { atMs: 8_000, hashes: 4_000 }).hashrate).toBe(500);
  });
});

describe("A hashrate", () => {
  it.each([
    [0, "0.00 H/s"],
    [999.4, "999 H/s"],
    [999.5, "1.00 kH/s"],
    [9_994, "9.99 kH/s"],
    [9_996, "10.0 kH/s"],
    [99_960, "100 kH/s"],
    [999_999, "1.00 MH/s"],
    [6_660_000, "6.66 MH/s"],
    [1.5e18, "1.50 EH/s"],
    [2.5e22, "25000 EH/s"],
  ])("of %d is shown as %s", (hashesPerSecond, shown) => {
    expect(formatHashrate(hashesPerSecond)).toBe(shown);
  });
});

describe("The progress line", () => {
  it("has hashrate, accepted, rejected and difficulty", () => {
    expect(progressLine(STATS, true)).toBe("6.66 MH/s | accepted 37 | rejected 0 | difficulty 0.0005439");
  });

  it("has the reasons of rejects, and blocks once there are some", () => {
    const rejects = { "stale-share": 2, "duplicate-share": 1 };
    expect(progressLine({ ...STATS, rejected: 3, rejects, blocks: 4 }, true)).toBe(
      "6.66 MH/s | accepted 37 | rejected 3 (stale-share 2, duplicate-share 1) | difficulty 0.0005439 | blocks 4",
    );
  });

  it("says where there is no connection, in place of a hashrate", () => {
    expect(progressLine(STATS, false)).toMatch(/^not connected \| accepted 37 /);
  });

  it("shows no control characters of a pool's reason", () => {
    expect(progressLine({ ...STATS, rejected: 1, rejects: { "\u001b[2Jx\n": 1 } }, true)).toContain(
      "(\\u{1b}[2Jx\\u{a} 1)",
    );
  });
});

describe("The measured hashrate", () => {
  it("is a number that a machine can have, also by a clock that stands still", () => {
    for (const clock of [systemClock, new ManualClock()]) {
      const hashrate = measureHashrate(1, clock);
      expect(hashrate).toBeGreaterThan(1_000);
      expect(hashrate).toBeLessThan(1e9);
    }
  });

  it("is that of all threads, but of no more than there are cores", () => {
    const cores = availableParallelism();
    const [one, all, more] = [1, cores, 8 * cores].map((threads) => measureHashrate(threads, new ManualClock()));
    expect([all, more]).toEqual([cores * (one ?? 0), cores * (one ?? 0)]);
  });
});
