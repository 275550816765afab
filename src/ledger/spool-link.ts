/**
 * The way to the spool's thread: each task gets one answer, in the order of the tasks. A thread that ends is started again,
 * and what it had not answered is done by the next one: every task may be done twice.
 */

import type { Logger } from "../core/logger.ts";
import type { SpoolFailure, SpoolResult, SpoolTask } from "./spool-orders.ts";
import type { SpoolThread, StartSpoolThread } from "./spool-thread.ts";

/** A task that ended so many threads will end the next one too. */
const THREADS_OF_TASK = 2;

type Waiting = { readonly task: SpoolTask; readonly resolve: (result: SpoolResult) => void; threads: number };

export class SpoolLink {
  readonly #folder: string;
  readonly #start: StartSpoolThread;
  readonly #logger: Logger;
  #thread: SpoolThread | undefined;
  /** The present thread has answered: what ended it is nothing that ends each thread. */
  #hasAnswered = false;
  #ids = 0;
  readonly #waiting = new Map<number, Waiting>();
  #closed = false;

  constructor(folder: string, start: StartSpoolThread, logger: Logger) {
    this.#folder = folder;
    this.#start = start;
    this.#logger = logger;
  }

  /** Never rejects. A thread that cannot be had is a failure without a system code. */
  ask(task: SpoolTask): Promise<SpoolResult> {
    return new Promise((resolve) => {
      this.#ids += 1;
      this.#waiting.set(this.#ids, { task, resolve, threads: 0 });
      if (this.#thread === undefined) this.#begin();
      else this.#post(this.#ids);
    });
  }

  /** Ends the thread; to be called when every task is answered. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#thread?.terminate();
  }

  /** Starts a thread, and gives it all that waits. */
  #begin(): void {
    try {
      this.#hasAnswered = false;
      this.#thread = this.#start(this.#folder, {
        onMessage: ({ id, result }) => {
          this.#hasAnswered = true;
          this.#answer(id, result);
        },
        onEnd: (reason) => this.#ended(reason),
      });
    } catch (error) {
      this.#failAll(String(error));
      return;
    }
    for (const id of [...this.#waiting.keys()]) this.#post(id);
  }

  #post(id: number): void {
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return;
    waiting.threads += 1;
    this.#thread?.ref();
    this.#thread?.post({ id, task: waiting.task });
  }

  #answer(id: number, result: SpoolResult): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (this.#waiting.size === 0) this.#thread?.unref();
    waiting?.resolve(result);
  }

  #ended(reason: string): void {
    this.#thread = undefined;
    if (this.#closed) {
      this.#failAll(reason);
      return;
    }
    this.#logger.warn("the spool's thread ended", { reason, tasks: this.#waiting.size });
    for (const [id, { threads }] of [...this.#waiting]) {
      if (threads >= THREADS_OF_TASK) this.#answer(id, failure(reason));
    }
    if (this.#waiting.size > 0 || this.#hasAnswered) this.#begin();
  }

  #failAll(reason: string): void {
    for (const id of [...this.#waiting.keys()]) this.#answer(id, failure(reason));
  }
}

function failure(reason: string): SpoolFailure {
  return { ok: false, systemCode: "", reason };
}
