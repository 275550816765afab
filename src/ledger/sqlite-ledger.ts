/**
 * The ledger in a SQLite file, written by a thread of its own: the main thread never waits for the disk. A thread that
 * dies is started again with the next call; what it had not answered is rejected, and may be asked again.
 */

import { startThread, type ThreadEvents, type WorkerThread } from "../core/worker-thread.ts";
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

type LedgerThread = WorkerThread<LedgerCall>;
export type StartLedgerThread = (options: LedgerStoreOptions, events: ThreadEvents<LedgerAnswer>) => LedgerThread;

/** Starts `ledger-worker.ts`. @throws where the system has no room for a thread. */
export const startLedgerThread: StartLedgerThread = (options, events) =>
  startThread({ entry: "#ledger-worker", name: "ledger", data: options }, events);

function tooMany(): LedgerError {
  return new LedgerError("ledger-failed", "the ledger does not keep up: too many calls wait for it");
}

export class SqliteLedger implements ShareLedger {
  readonly #options: LedgerStoreOptions;
  readonly #startThread: StartLedgerThread;
  #thread: LedgerThread | undefined;
  readonly #waiting = new Map<number, Waiting>();
  #calls = 0;
  readonly #unrecorded: BlockRecord[] = [];
  /** Resolves when no records of blocks are under way. */
  #records: Promise<unknown> = Promise.resolve();
  #nextRecords: Promise<unknown> | undefined;
  #closed: Promise<void> | undefined;
  #isEnding = false;
  #onEnded: () => void = () => undefined;

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
    const thread = this.#thread;
    if (thread === undefined) return;
    const ended = new Promise<void>((resolve) => {
      this.#onEnded = resolve;
    });
    await this.#send(thread, { method: "close" });
    await ended;
  }

  #call(request: LedgerRequest): Promise<unknown> {
    if (this.#isEnding) return Promise.reject(new LedgerError("ledger-failed", "the ledger is closed"));
    // Shares come first: there is one commit at a time.
    if (this.#waiting.size >= MAX_WAITING && request.method !== "commit") return Promise.reject(tooMany());
    this.#thread ??= this.#start();
    return this.#send(this.#thread, request);
  }

  #send(thread: LedgerThread, request: LedgerRequest): Promise<unknown> {
    this.#calls += 1;
    const call: LedgerCall = { ...request, number: this.#calls };
    return new Promise((resolve, reject) => {
      this.#waiting.set(call.number, { resolve, reject });
      // A program that waits for an answer does not end before it.
      thread.ref();
      thread.post(call);
    });
  }

  /** @throws {LedgerError} */
  #start(): LedgerThread {
    try {
      const thread = this.#startThread(this.#options, {
        onMessage: (answer) => {
          this.#onAnswer(answer);
          if (this.#waiting.size === 0 && this.#closed === undefined) thread.unref();
        },
        onEnd: (reason) => this.#onEnd(reason),
      });
      return thread;
    } catch (cause) {
      throw this.#failed(`its thread cannot be started (${String(cause)})`);
    }
  }

  #onAnswer(answer: LedgerAnswer): void {
    const waiting = this.#waiting.get(answer.number);
    this.#waiting.delete(answer.number);
    if (waiting === undefined) return;
    if ("error" in answer) waiting.reject(new LedgerError(answer.error.code, answer.error.message));
    else waiting.resolve(answer.value);
  }

  #onEnd(reason: string): void {
    this.#thread = undefined;
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject } of waiting) reject(this.#failed(`its thread ended (${reason})`));
    this.#onEnded();
  }

  #failed(how: string): LedgerError {
    return new LedgerError("ledger-failed", `the ledger ${this.#options.file} failed: ${how}`);
  }
}
