/** Entry point of the ledger's thread: calls of the store in the order in which they came, each with its answer. */

import { parentPort, workerData } from "node:worker_threads";
import { fromColumns } from "./batch-columns.ts";
import { LedgerError } from "./errors.ts";
import type { LedgerAnswer, LedgerCall } from "./ledger-calls.ts";
import { LedgerStore, type LedgerStoreOptions } from "./ledger-store.ts";

const store = new LedgerStore(workerData as LedgerStoreOptions, {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
});

function run(call: LedgerCall): unknown {
  switch (call.method) {
    case "commit":
      return store.commit(fromColumns(call.batch));
    case "recordBlocks":
      return store.recordBlocks(call.blocks);
    case "rememberDifficulties":
      return store.rememberDifficulties(call.entries);
    case "totals":
      return store.totals();
    case "totalsOf":
      return store.totalsOf(call.userIdentity);
    case "report":
      return store.report(call.period);
    case "blocks":
      return store.blocks();
    case "difficulties":
      return store.difficulties();
    case "close":
      return store.close();
  }
}

function answer(call: LedgerCall): LedgerAnswer {
  try {
    return { number: call.number, value: run(call) };
  } catch (error) {
    const plain =
      error instanceof LedgerError ? error.plain : ({ code: "ledger-failed", message: String(error) } as const);
    return { number: call.number, error: plain };
  }
}

parentPort?.on("message", (call: LedgerCall) => {
  parentPort?.postMessage(answer(call));
  if (call.method === "close") parentPort?.close();
});
