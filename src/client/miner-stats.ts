/** What the miner counts, and how a person and a program get to see it. */

export type MinerStats = {
  readonly accepted: number;
  readonly rejected: number;
  /** Count by error code. */
  readonly rejects: Readonly<Record<string, number>>;
  /** Sum of the difficulties that the pool acknowledged. */
  readonly acknowledgedDifficulty: string;
  readonly blocks: number;
  /** Hashes per second since the last report. */
  readonly hashrate: number;
  /** Of the present share target. */
  readonly difficulty: number;
};

const PREFIXES = ["", "k", "M", "G", "T", "P", "E"];

/** `3.41 MH/s` */
export function formatHashrate(hashesPerSecond: number): string {
  let value = hashesPerSecond;
  let step = 0;
  while (value >= 1000 && step < PREFIXES.length - 1) {
    value /= 1000;
    step += 1;
  }
  return `${value.toFixed(value >= 100 ? 0 : value >= 10 ? 1 : 2)} ${PREFIXES[step] ?? ""}H/s`;
}

/** One line for a terminal. */
export function progressLine(stats: MinerStats): string {
  const reasons = Object.entries(stats.rejects)
    .map(([code, count]) => `${code} ${count}`)
    .join(", ");
  const parts = [
    formatHashrate(stats.hashrate),
    `accepted ${stats.accepted}`,
    `rejected ${stats.rejected}${reasons === "" ? "" : ` (${reasons})`}`,
    `difficulty ${Number(stats.difficulty.toPrecision(4))}`,
  ];
  if (stats.blocks > 0) parts.push(`blocks ${stats.blocks}`);
  return parts.join(" | ");
}
