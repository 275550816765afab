import { describe, expect, it } from "vitest";
import { Vardiff } from "../../src/mining/vardiff.ts";

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

type Simulation = { readonly changes: readonly number[]; readonly difficulty: number; readonly credited: number };

/** A miner whose shares arrive as a Poisson process; `rateAt` in units of the difficulty that suits 12 shares a minute. */
function simulate(
  seconds: number,
  rateAt: (second: number) => number,
  options: { seed: number; start: number },
): Simulation {
  const next = random(options.seed);
  let difficulty = options.start;
  const vardiff = new Vardiff({ sharesPerMinute: 12, difficulty, nowMs: 0 });
  const changes: number[] = [];
  let credited = 0;
  for (let second = 1; second <= seconds; second += 1) {
    const expected = (12 / 60) * (rateAt(second) / difficulty);
    let waited = -Math.log(1 - next());
    while (waited < expected) {
      vardiff.onShare(difficulty);
      credited += difficulty;
      waited -= Math.log(1 - next());
    }
    const wanted = vardiff.tick(1000 * second);
    if (wanted !== undefined) {
      difficulty = wanted;
      vardiff.reset(difficulty, 1000 * second);
      changes.push(second);
    }
  }
  return { changes, difficulty, credited };
}

const SEEDS = Array.from({ length: 40 }, (_, index) => index + 1);

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

describe("vardiff", () => {
  it("leaves a steady miner alone: less than one change an hour on average", () => {
    const changes = SEEDS.map((seed) => simulate(3 * 3600, () => 1, { seed, start: 1 }).changes.length / 3);
    expect(changes.reduce((sum, value) => sum + value, 0) / changes.length).toBeLessThan(1);
  });

  it.each([100, 1 / 100])("follows a hashrate that is %d times the announced one within three minutes", (factor) => {
    const found = SEEDS.map((seed) => simulate(180, () => factor, { seed, start: 1 }).difficulty / factor);
    expect(median(found)).toBeGreaterThan(0.5);
    expect(median(found)).toBeLessThan(2);
  });

  it("never divides by nothing: a silent miner gets easier work, step by step", () => {
    const { difficulty, changes } = simulate(600, () => 0, { seed: 1, start: 1 });
    expect(changes.length).toBeGreaterThan(1);
    expect(difficulty).toBeGreaterThan(0);
    expect(difficulty).toBeLessThan(1 / 100);
  });

  it("credits the work that was done, whatever the difficulty was", () => {
    const day = 24 * 3600;
    const { credited } = simulate(day, (second) => (second < day / 2 ? 1 : 20), { seed: 5, start: 1 });
    const work = (12 / 60) * (day / 2) * 21;
    expect(credited / work).toBeGreaterThan(0.96);
    expect(credited / work).toBeLessThan(1.04);
  });
});
