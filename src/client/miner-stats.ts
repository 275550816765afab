/** What the miner counts, and how a person gets to see it. */

import { printableText } from "../core/printable-text.ts";

export type MinerStats = {
  readonly accepted: number;
  readonly rejected: number;
  /** Count by error code. */
  readonly rejects: Readonly<Record<string, number>>;
  /** Sum of the difficulties that the pool acknowledged, a whole number: the pool carries fractions over. */
  readonly acknowledgedDifficulty: string;
  /** Shares that solved a block. */
  readonly blocks: number;
  /** Hashes per second, over the last `RATE_WINDOW_MS`. */
  readonly hashrate: number;
  /** Of the present share target; 0 before there was any. */
  readonly difficulty: number;
};

/** Long enough that pieces of work do not show, short enough to follow what happens. */
const RATE_WINDOW_MS = 10_000;

/** Error codes that are counted each for itself: the protocol has nine. Those of a pool that makes up more are `other`. */
export const MAX_REJECT_CODES = 32;

type Sample = { readonly atMs: number; readonly hashes: number };

export class MinerCounters {
  #accepted = 0;
  #difficultySum = 0n;
  #blocks = 0;
  readonly #rejects = new Map<string, number>();
  #begin: Sample | undefined;
  /** In the window, the oldest first. */
  #samples: Sample[] = [];

  get accepted(): number {
    return this.#accepted;
  }

  /** Mining begins, or goes on after a time without a channel. */
  begin(sample: Sample): void {
    this.#begin ??= sample;
    this.#samples = [sample];
  }

  /** @param sample the time, and all hashes so far. */
  sample(sample: Sample): void {
    this.#samples = [...this.#samples.filter(({ atMs }) => atMs >= sample.atMs - RATE_WINDOW_MS), sample];
  }

  countAccepted(shares: number, difficulty: bigint): void {
    this.#accepted += shares;
    this.#difficultySum += difficulty;
  }

  countRejected(errorCode: string): void {
    const isCounted = this.#rejects.has(errorCode) || this.#rejects.size < MAX_REJECT_CODES;
    const code = isCounted ? errorCode : "other";
    this.#rejects.set(code, (this.#rejects.get(code) ?? 0) + 1);
  }

  countBlock(): void {
    this.#blocks += 1;
  }

  stats(difficulty: number): MinerStats {
    return this.#stats(difficulty, rate(this.#samples[0], this.#samples.at(-1)));
  }

  /** With the average hashrate from `begin` to `end`. */
  totals(difficulty: number, end: Sample): MinerStats {
    return this.#stats(difficulty, rate(this.#begin, end));
  }

  #stats(difficulty: number, hashrate: number): MinerStats {
    let rejected = 0;
    for (const count of this.#rejects.values()) rejected += count;
    return {
      accepted: this.#accepted,
      rejected,
      rejects: Object.fromEntries(this.#rejects),
      acknowledgedDifficulty: String(this.#difficultySum),
      blocks: this.#blocks,
      hashrate: Math.round(hashrate),
      difficulty,
    };
  }
}

function rate(from: Sample | undefined, to: Sample | undefined): number {
  if (from === undefined || to === undefined || to.atMs <= from.atMs) return 0;
  return (to.hashes - from.hashes) / ((to.atMs - from.atMs) / 1000);
}

const PREFIXES = ["", "k", "M", "G", "T", "P", "E"];

/** `3.41 MH/s` */
export function formatHashrate(hashesPerSecond: number): string {
  let value = hashesPerSecond;
  let step = 0;
  // Three digits are shown: 999.5 would be rounded to four.
  while (value >= 999.5 && step < PREFIXES.length - 1) {
    value /= 1000;
    step += 1;
  }
  return `${value.toFixed(value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2)} ${PREFIXES[step] ?? ""}H/s`;
}

/** One line for a person: `6.66 MH/s | accepted 37 | rejected 1 (stale-share 1) | difficulty 0.0005439 | blocks 4` */
export function progressLine(stats: MinerStats, isConnected: boolean): string {
  const reasons = Object.entries(stats.rejects)
    .map(([code, count]) => `${printableText(code)} ${count}`)
    .join(", ");
  const parts = [
    isConnected ? formatHashrate(stats.hashrate) : "not connected",
    `accepted ${stats.accepted}`,
    `rejected ${stats.rejected}${reasons === "" ? "" : ` (${reasons})`}`,
    `difficulty ${Number(stats.difficulty.toPrecision(4))}`,
  ];
  if (stats.blocks > 0) parts.push(`blocks ${stats.blocks}`);
  return parts.join(" | ");
}
