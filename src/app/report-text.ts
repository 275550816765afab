/** A report for people: lines of at most 120 places, with the largest workers and the newest blocks. */

import { formatHashrate } from "../client/miner-stats.ts";
import { printableText } from "../core/printable-text.ts";
import type { BlockFigures, ReportFigures, TotalFigures, WorkerFigures } from "./report-figures.ts";
import { type Column, columnLines, cut } from "./text-columns.ts";

/** Most terminals have as many, or are made as wide. */
const LINE_PLACES = 120;

/** Of each list, on a page or two. Arbitrary. */
const MAX_LISTED = 50;

export function reportLines(figures: ReportFigures): string[] {
  return [
    ...totalLines(figures),
    "",
    ...rejectLines(figures.rejects),
    "",
    ...workerLines(figures.workers),
    "",
    ...blockLines(figures.blocks),
  ];
}

function totalLines({ from, to, totals }: ReportFigures): string[] {
  const rows = [
    ["Period", `${minuteText(from)} to ${minuteText(to)}`],
    ["Accepted shares", countText(totals.accepted_shares)],
    ["Difficulty", difficultyText(totals.difficulty)],
    ["Rejected shares", `${countText(totals.rejected_shares)} (${rejectedText(totals)})`],
    ["Best difficulty", difficultyText(totals.best_difficulty)],
    ["Average hashrate", formatHashrate(totals.hashrate)],
  ];
  return rows.map(([name = "", value = ""]) => `${name.padEnd(16)}  ${value}`);
}

function rejectLines(rejects: ReportFigures["rejects"]): string[] {
  const rows = Object.entries(rejects)
    .sort(([, one], [, other]) => other - one)
    .map(([code, count]) => [printableText(code), countText(count)]);
  if (rows.length === 0) return ["No rejects"];
  const columns: readonly Column[] = [
    { title: "Rejects", align: "left", canBeCut: true },
    { title: "Shares", align: "right" },
  ];
  return columnLines(columns, rows, LINE_PLACES);
}

const WORKER_COLUMNS: readonly Column[] = [
  { title: "Worker", align: "left", canBeCut: true },
  { title: "Accepted", align: "right" },
  { title: "Difficulty", align: "right" },
  { title: "Hashrate", align: "right" },
  { title: "Rejected", align: "right" },
  { title: "Best", align: "right" },
  { title: "Last seen", align: "left" },
];

function workerLines(workers: readonly WorkerFigures[]): string[] {
  if (workers.length === 0) return ["No workers"];
  const rows = workers
    .slice(0, MAX_LISTED)
    .map((worker) => [
      printableText(worker.user_identity),
      countText(worker.accepted_shares),
      difficultyText(worker.difficulty),
      formatHashrate(worker.hashrate),
      rejectedText(worker),
      difficultyText(worker.best_difficulty),
      minuteText(worker.last_seen),
    ]);
  const more = workers.length - rows.length;
  const lines = columnLines(WORKER_COLUMNS, rows, LINE_PLACES);
  return more > 0 ? [...lines, `and ${countText(more)} more: --json has all`] : lines;
}

const BLOCK_COLUMNS: readonly Column[] = [
  { title: "Height", align: "right" },
  { title: "Block", align: "left" },
  { title: "Fate", align: "left" },
  { title: "Finder", align: "left", canBeCut: true },
  { title: "Found", align: "left" },
];

function blockLines(blocks: readonly BlockFigures[]): string[] {
  if (blocks.length === 0) return ["No blocks"];
  const listed = blocks.slice(-MAX_LISTED);
  const rows = listed.map((block) => [
    String(block.height),
    block.hash,
    block.fate,
    printableText(block.user_identity),
    minuteText(block.found_at),
  ]);
  const [titles = "", ...lines] = columnLines(BLOCK_COLUMNS, rows, LINE_PLACES);
  const withReasons = lines.flatMap((line, index) => {
    const reason = listed[index]?.reason ?? null;
    return reason === null ? [line] : [line, cut(`        the node said: ${printableText(reason)}`, LINE_PLACES)];
  });
  const earlier = blocks.length - rows.length;
  return [titles, ...withReasons, ...(earlier > 0 ? [`and ${countText(earlier)} earlier ones: --json has all`] : [])];
}

/** `2026-08-20T10:11Z` */
function minuteText(time: string): string {
  return `${time.slice(0, 16)}Z`;
}

function countText(count: number): string {
  return count.toLocaleString("en-US");
}

/** Of all shares that came. */
function rejectedText({ accepted_shares: accepted, rejected_shares: rejected }: TotalFigures): string {
  const all = accepted + rejected;
  return `${(all === 0 ? 0 : (100 * rejected) / all).toFixed(2)} %`;
}

const PREFIXES = ["M", "G", "T", "P", "E", "Z"];

/** `12,345.6`, `4.295 G` */
function difficultyText(difficulty: number): string {
  let value = difficulty;
  let prefix = "";
  for (const next of PREFIXES) {
    if (value < (prefix === "" ? 999_999.5 : 999.95)) break;
    value /= prefix === "" ? 1e6 : 1e3;
    prefix = ` ${next}`;
  }
  return value.toLocaleString("en-US", { maximumSignificantDigits: prefix === "" ? 6 : 4 }) + prefix;
}
