/**
 * Parts of a report as CSV (RFC 4180): a header, and a row for each worker, block or kind of reject. Texts of others (a
 * miner's identity, a node's words) are made harmless for a terminal and for a spreadsheet; docs/reports.md says how, and
 * how a program gets back what they were.
 */

import { printableText } from "../core/printable-text.ts";
import type { ReportFigures } from "./report-figures.ts";

export const CSV_TABLES = ["workers", "blocks", "rejects"] as const;

export type CsvTable = (typeof CSV_TABLES)[number];

/** Rows without their line ends. */
export function csvLines(figures: ReportFigures, table: CsvTable): string[] {
  return rowsOf(figures, table).map((row) => row.map(quoted).join(","));
}

type Row = readonly (string | number)[];

function rowsOf({ workers, blocks, rejects }: ReportFigures, table: CsvTable): Row[] {
  switch (table) {
    case "workers":
      return [
        [
          "user_identity",
          "accepted_shares",
          "difficulty",
          "rejected_shares",
          "rejects",
          "best_difficulty",
          "hashrate",
          "last_seen",
        ],
        ...workers.map((worker) => [
          harmless(worker.user_identity),
          worker.accepted_shares,
          worker.difficulty,
          worker.rejected_shares,
          rejectsText(worker.rejects),
          worker.best_difficulty,
          worker.hashrate,
          worker.last_seen,
        ]),
      ];
    case "blocks":
      return [
        ["height", "hash", "fate", "reason", "user_identity", "found_at"],
        ...blocks.map((block) => [
          block.height,
          block.hash,
          block.fate,
          harmless(block.reason ?? ""),
          harmless(block.user_identity),
          block.found_at,
        ]),
      ];
    case "rejects":
      return [["code", "count"], ...Object.entries(rejects).map(([code, count]) => [harmless(code), count])];
  }
}

/** `stale-share=3 duplicate-share=1` */
function rejectsText(rejects: Readonly<Record<string, number>>): string {
  return harmless(
    Object.entries(rejects)
      .map(([code, count]) => `${code}=${count}`)
      .join(" "),
  );
}

/**
 * No character of it moves a terminal's cursor, and no spreadsheet takes it for a formula: not its begin, nor what comes
 * after a semicolon, at which many divide a row whatever quotation marks are around it. A backslash and a semicolon are
 * written as the unprintable characters are, and a `'` at its begin gets a second one, so that no two texts become the
 * same.
 */
function harmless(text: string): string {
  const printable = printableText(text.replace(/[\\;]/g, escaped));
  return /^['=+\-@＝＋－＠]/.test(printable) ? `'${printable}` : printable;
}

function escaped(character: string): string {
  return `\\u{${character.codePointAt(0)?.toString(16)}}`;
}

function quoted(field: string | number): string {
  const text = String(field);
  return /[",\r\n]/.test(text) || text !== text.trim() ? `"${text.replaceAll('"', '""')}"` : text;
}
