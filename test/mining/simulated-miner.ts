/**
 * A miner without a clock: its shares arrive as a Poisson process, and vardiff steers its difficulty as a channel does,
 * with a job at once for each change. Difficulties are in units of the one that suits a hashrate of 1.
 */

import { Vardiff } from "../../src/mining/vardiff.ts";

export type Change = { readonly second: number; readonly difficulty: number };

export type Simulation = {
  readonly changes: readonly Change[];
  /** Sum of the credited difficulties, and what the hashrate was worth. */
  readonly credited: number;
  readonly work: number;
  readonly shares: number;
};

export type SimulationOptions = {
  readonly seed: number;
  readonly seconds: number;
  /** The hashrate in that second, the first one being 1. */
  readonly hashrateAt: (second: number) => number;
  /** The difficulty to begin with. */
  readonly start?: number;
  readonly sharesPerMinute?: number;
};

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function simulate(options: SimulationOptions): Simulation {
  const { start = 1, sharesPerMinute = 12 } = options;
  const next = random(7_919 * options.seed);
  const vardiff = new Vardiff({
    sharesPerMinute,
    announced: 0,
    estimate: start,
    difficulty: start,
    least: 0,
    nowMs: 0,
  });
  const changes: Change[] = [];
  let job = start;
  let [credited, work, shares] = [0, 0, 0];
  let untilShare = -Math.log(1 - next());
  for (let second = 1; second <= options.seconds; second += 1) {
    const done = (sharesPerMinute / 60) * options.hashrateAt(second);
    work += done;
    let expected = done / job;
    for (; untilShare < expected; untilShare = -Math.log(1 - next())) {
      expected -= untilShare;
      vardiff.onShare(job);
      credited += job;
      shares += 1;
    }
    untilShare -= expected;
    if (!vardiff.look(1_000 * second)) continue;
    job = vardiff.estimate;
    vardiff.serve(job, 0);
    changes.push({ second, difficulty: job });
  }
  return { changes, credited, work, shares };
}

/** The difficulty at the end of that second, of a simulation that began with `start`. */
export function difficultyAt(simulation: Simulation, second: number, start: number): number {
  return simulation.changes.findLast((change) => change.second <= second)?.difficulty ?? start;
}
