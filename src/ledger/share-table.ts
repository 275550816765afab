/** Batches of shares in the ledger's file: each counted once, for its workers and for everybody. */

import { dropOldest } from "../core/drop-oldest.ts";
import { CreditSum } from "./credit-sum.ts";
import type { LedgerTotals, ShareBatchCommit } from "./ledger.ts";
import { type Retention, RollUps } from "./roll-ups.ts";
import type { LedgerDatabase } from "./sqlite-file.ts";

export type ShareTableOptions = {
  readonly retention: Retention;
  /** Identities with figures of their own; further ones count only in those of everybody. */
  readonly maxIdentities: number;
  /** Batch ids that are kept, so that a repeated commit counts nothing. */
  readonly maxBatchIds: number;
};

/** Worker numbers that are looked up without the database. As many as there can be channels; some 200 bytes each. */
const MAX_KNOWN_WORKERS = 100_000;

/** The worker that stands for everybody. */
export const EVERYBODY = 0;

type Seen = { readonly atMs: number; readonly latestMs: number };

type WorkerSum = { readonly worker: number; readonly sum: CreditSum };

export class ShareTable {
  readonly #options: ShareTableOptions;
  readonly #database: LedgerDatabase;
  readonly #rollUps: RollUps;
  readonly #statements: ReturnType<typeof prepare>;
  readonly #commit: (batch: ShareBatchCommit, trustedMs: number | undefined) => void;
  readonly #known = new Map<string, number>();
  #identities: number;

  constructor(database: LedgerDatabase, options: ShareTableOptions) {
    this.#options = options;
    this.#database = database;
    this.#rollUps = new RollUps(database, options.retention);
    this.#statements = prepare(database);
    this.#identities = this.#countIdentities();
    this.#commit = database.transaction((batch, trustedMs) => this.#apply(batch, trustedMs)).immediate;
  }

  /** When the wall clock was trusted last, to a minute; undefined where it never was. */
  get trustedMs(): number | undefined {
    return this.#rollUps.trustedMs;
  }

  /**
   * Counts a batch, unless its id was counted before. Returns when it is as durable as the file is set to be. After an
   * error this table is not used any more: what it knows of the file may have been rolled back.
   * @param options.trustedMs the present, by which old sums are forgotten; undefined where the clock is not to be trusted.
   */
  commit(batch: ShareBatchCommit, { trustedMs }: { readonly trustedMs: number | undefined }): void {
    this.#commit(batch, trustedMs);
  }

  #apply(batch: ShareBatchCommit, trustedMs: number | undefined): void {
    const { insertBatch, forgetBatch } = this.#statements;
    const { changes, lastInsertRowid } = insertBatch.run(batch.batchId);
    if (changes === 0) return;
    forgetBatch.run(Number(lastInsertRowid) - this.#options.maxBatchIds);
    const forgotten = this.#rollUps.beginBatch(batch.atMs, { trustedMs });
    if (forgotten > 0) this.#known.clear();
    this.#identities -= forgotten;
    const seen = this.#seen(batch.atMs, trustedMs);
    for (const { worker, sum } of this.#sums(batch).values()) {
      const totals = sum.plain();
      this.#rollUps.add(worker, batch.atMs, totals);
      this.#addTo(worker, seen, totals);
    }
  }

  /**
   * When the batch's workers were seen. By a clock that may be behind that was not before it was trusted last, and one
   * that was last seen after `latestMs` was so by a clock that was ahead.
   */
  #seen(atMs: number, trustedMs: number | undefined): Seen {
    if (trustedMs !== undefined) return { atMs, latestMs: trustedMs };
    return { atMs: Math.max(atMs, this.#rollUps.trustedMs ?? 0), latestMs: Number.MAX_SAFE_INTEGER };
  }

  /** By worker: of everybody, and of each that has figures of its own. */
  #sums({ credits, atMs }: ShareBatchCommit): Map<number, WorkerSum> {
    const everybody: WorkerSum = { worker: EVERYBODY, sum: new CreditSum() };
    const sums = new Map([[EVERYBODY, everybody]]);
    for (const credit of credits) {
      everybody.sum.add(credit);
      const worker = this.#workerOf(credit.userIdentity, atMs);
      if (worker === undefined) continue;
      const known = sums.get(worker) ?? { worker, sum: new CreditSum() };
      sums.set(worker, known);
      known.sum.add(credit);
    }
    return sums;
  }

  #workerOf(userIdentity: string, atMs: number): number | undefined {
    const known = this.#known.get(userIdentity);
    if (known !== undefined) return known;
    const { findWorker, insertWorker } = this.#statements;
    let worker = findWorker.get(userIdentity) as number | undefined;
    if (worker === undefined) {
      if (this.#identities >= this.#options.maxIdentities) return undefined;
      worker = Number(insertWorker.run(userIdentity, atMs).lastInsertRowid);
      this.#identities += 1;
    }
    this.#known.set(userIdentity, worker);
    dropOldest(this.#known, MAX_KNOWN_WORKERS);
    return worker;
  }

  #addTo(worker: number, seen: Seen, totals: LedgerTotals): void {
    const { addTotals, addReject } = this.#statements;
    const { acceptedShares, difficulty, bestDifficulty: best } = totals;
    const { changes } = addTotals.run({ worker, ...seen, acceptedShares, difficulty, best });
    if (changes !== 1) throw new Error(`the ledger has no worker ${worker}`);
    for (const [code, count] of Object.entries(totals.rejects)) addReject.run(worker, code, count);
  }

  #countIdentities(): number {
    return this.#database.prepare("SELECT COUNT(*) - 1 FROM workers").pluck().get() as number;
  }
}

function prepare(database: LedgerDatabase) {
  return {
    insertBatch: database.prepare("INSERT INTO batches (batch_id) VALUES (?) ON CONFLICT DO NOTHING"),
    forgetBatch: database.prepare("DELETE FROM batches WHERE number <= ?"),
    findWorker: database.prepare("SELECT worker FROM workers WHERE user_identity = ?").pluck(),
    insertWorker: database.prepare(
      `INSERT INTO workers (user_identity, last_seen, accepted_shares, difficulty, best_difficulty)
       VALUES (?, ?, 0, 0, 0)`,
    ),
    addTotals: database.prepare(
      `UPDATE workers SET
         last_seen = MAX(MIN(last_seen, @latestMs), @atMs),
         accepted_shares = accepted_shares + @acceptedShares,
         difficulty = difficulty + @difficulty,
         best_difficulty = MAX(best_difficulty, @best)
       WHERE worker = @worker`,
    ),
    addReject: database.prepare(
      "INSERT INTO worker_rejects VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET count = count + excluded.count",
    ),
  };
}
