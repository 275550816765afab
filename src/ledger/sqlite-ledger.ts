/**
 * The ledger in a SQLite file, written by a thread of its own: the main thread never waits for the disk. A thread that
 * dies is started again with the next call; what it had not answered is rejected, and may be asked again.
 */

import { createRequire } from "node:module";
import { Worker } from "node:worker_threads";
import { toColumns } from "./batch-columns.ts";
import { LedgerError } from "./errors.ts";
import type {
  BlockRecord,
  LedgerReport,
  LedgerTotals,
  Period,
  RememberedDifficulty,
  ShareBatchCommit,
  ShareLedger,
} from "./ledger.ts";
import type { LedgerAnswer, LedgerCall, LedgerRequest } from "./ledger-calls.ts";
import type { LedgerStoreOptions } from "./ledger-store.ts";

type Waiting = {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: LedgerError) => void;
};

/** Calls that wait for the thread: commits and saves come one at a time, records of blocks and questions beside them. */
const MAX_WAITING = 4_096;

export type StartLedgerThread = (options: LedgerStoreOptions) => Worker;

const startLedgerThread: StartLedgerThread = (options) => {
  const path = createRequire(import.meta.url).resolve("#ledger-worker");
  // The program's own flags (a debugger, a loader) are not meant for its workers.
  return new Worker(path, { workerData: options, execArgv: [], name: "ledger" });
};

function tooMany(): LedgerError {
  return new LedgerError("ledger-failed", "the ledger does not keep up: too many calls wait for it");
}

export class SqliteLedger implements ShareLedger {
  readonly #options: LedgerStoreOptions;
  readonly #startThread: StartLedgerThread;
  #worker: Worker | undefined;
  readonly #waiting = new Map<number, Waiting>();
  #calls = 0;
  readonly #unrecorded: BlockRecord[] = [];
  /** Resolves when no records of blocks are under way. */
  #records: Promise<unknown> = Promise.resolve();
  #nextRecords: Promise<unknown> | undefined;
  #closed: Promise<void> | undefined;
  #isEnding = false;

  /** @param startThread so that a test can be beside it. */
  constructor(options: LedgerStoreOptions, startThread: StartLedgerThread = startLedgerThread) {
    this.#options = options;
    this.#startThread = startThread;
  }

  async commit(batch: ShareBatchCommit): Promise<void> {
    await this.#call({ method: "commit", batch: toColumns(batch) });
  }

  async recordBlock(block: BlockRecord): Promise<void> {
    if (this.#unrecorded.length >= MAX_WAITING) throw tooMany();
    // A part of a larger buffer would be copied with all of it.
    this.#unrecorded.push({ ...block, hash: new Uint8Array(block.hash) });
    // What comes while records are under way goes together: commits wait behind one of them at most.
    this.#nextRecords ??= this.#records.then(() => this.#record());
    await this.#nextRecords;
  }

  #record(): Promise<unknown> {
    const blocks = this.#unrecorded.splice(0);
    this.#nextRecords = undefined;
    const recorded = this.#call({ method: "recordBlocks", blocks });
    this.#records = recorded.catch(() => undefined);
    return recorded;
  }

  async rememberDifficulties(entries: readonly RememberedDifficulty[]): Promise<void> {
    await this.#call({ method: "rememberDifficulties", entries });
  }

  async difficulties(): Promise<readonly RememberedDifficulty[]> {
    return (await this.#call({ method: "difficulties" })) as RememberedDifficulty[];
  }

  async totals(): Promise<LedgerTotals> {
    return (await this.#call({ method: "totals" })) as LedgerTotals;
  }

  async totalsOf(userIdentity: string): Promise<LedgerTotals> {
    return (await this.#call({ method: "totalsOf", userIdentity })) as LedgerTotals;
  }

  async report(period: Period): Promise<LedgerReport> {
    return (await this.#call({ method: "report", period })) as LedgerReport;
  }

  async blocks(): Promise<readonly BlockRecord[]> {
    return (await this.#call({ method: "blocks" })) as BlockRecord[];
  }

  /** Ends the thread once it has answered what was asked before. A file that was never used is not made. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    await this.#nextRecords?.catch(() => undefined);
    this.#isEnding = true;
    const worker = this.#worker;
    if (worker === undefined) return;
    const exited = new Promise<void>((resolve) => worker.once("exit", () => resolve()));
    await this.#send(worker, { method: "close" });
    await exited;
  }

  #call(request: LedgerRequest): Promise<unknown> {
    if (this.#isEnding) return Promise.reject(new LedgerError("ledger-failed", "the ledger is closed"));
    // Shares come first: there is one commit at a time.
    if (this.#waiting.size >= MAX_WAITING && request.method !== "commit") return Promise.reject(tooMany());
    this.#worker ??= this.#start();
    return this.#send(this.#worker, request);
  }

  #send(worker: Worker, request: LedgerRequest): Promise<unknown> {
    this.#calls += 1;
    const call: LedgerCall = { ...request, number: this.#calls };
    return new Promise((resolve, reject) => {
      this.#waiting.set(call.number, { resolve, reject });
      // A program that waits for an answer does not end before it.
      worker.ref();
      worker.postMessage(call);
    });
  }

  #start(): Worker {
    const worker = this.#startThread(this.#options);
    let reason = "its thread ended";
    worker.on("message", (answer: LedgerAnswer) => {
      this.#onAnswer(answer);
      if (this.#waiting.size === 0 && this.#closed === undefined) worker.unref();
    });
    worker.on("error", (error) => {
      reason = String(error);
    });
    worker.on("exit", () => this.#onExit(worker, reason));
    worker.unref();
    return worker;
  }

  #onAnswer(answer: LedgerAnswer): void {
    const waiting = this.#waiting.get(answer.number);
    this.#waiting.delete(answer.number);
    if (waiting === undefined) return;
    if ("error" in answer) waiting.reject(new LedgerError(answer.error.code, answer.error.message));
    else waiting.resolve(answer.value);
  }

  #onExit(worker: Worker, reason: string): void {
    if (this.#worker === worker) this.#worker = undefined;
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject } of waiting) {
      reject(new LedgerError("ledger-failed", `the ledger ${this.#options.file} failed: ${reason}`));
    }
  }
}
