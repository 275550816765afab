/** What goes to the ledger's thread and comes back from it. */

import type { BatchColumns } from "./batch-columns.ts";
import type { PlainLedgerError } from "./errors.ts";
import type { BlockRecord, Period, RememberedDifficulty } from "./ledger.ts";

export type LedgerRequest =
  | { readonly method: "commit"; readonly batch: BatchColumns }
  | { readonly method: "recordBlocks"; readonly blocks: readonly BlockRecord[] }
  | { readonly method: "rememberDifficulties"; readonly entries: readonly RememberedDifficulty[] }
  | { readonly method: "totalsOf"; readonly userIdentity: string }
  | { readonly method: "report"; readonly period: Period }
  | { readonly method: "totals" | "blocks" | "difficulties" | "close" };

/** Calls are numbered as they are made. */
export type LedgerCall = LedgerRequest & { readonly number: number };

export type LedgerAnswer =
  | { readonly number: number; readonly value: unknown }
  | { readonly number: number; readonly error: PlainLedgerError };
