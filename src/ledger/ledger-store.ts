/**
 * The ledger's file with all that is done to it, without threads. After any fault the file is closed, and opened again
 * with the next call: what was wrong with disk, folder or file may have been mended meanwhile.
 */

import { statSync } from "node:fs";
import { LedgerError } from "./errors.ts";
import type {
  BlockRecord,
  LedgerReport,
  LedgerTotals,
  Period,
  RememberedDifficulty,
  ShareBatchCommit,
} from "./ledger.ts";
import { LedgerQueries } from "./ledger-queries.ts";
import { HOUR_MS } from "./minutes.ts";
import type { Retention } from "./roll-ups.ts";
import { ShareTable } from "./share-table.ts";
import { ledgerErrorOf } from "./sqlite-error.ts";
import { type Durability, type LedgerDatabase, openLedgerFile } from "./sqlite-file.ts";

export type LedgerStoreOptions = {
  readonly file: string;
  readonly durability: Durability;
  readonly retention: Retention;
  readonly maxIdentities?: number;
  readonly maxBatchIds?: number;
};

/** Each has a row of some 100 bytes, and one for each unit of time in which it earns. Arbitrary. */
const MAX_IDENTITIES = 1_000_000;
/** Forty minutes at four flushes a second. A repeat follows within seconds, or as soon as a fault is mended. */
const MAX_BATCH_IDS = 10_000;
/** As many as the difficulty memory holds. */
const MAX_DIFFICULTIES = 100_000;
/** A wall clock that went so much further than the monotonic one was set: nothing is forgotten by it. Arbitrary. */
const CLOCK_JUMP_MS = HOUR_MS;

/** The clocks of the thread it runs in. */
export type StoreClock = { nowMs(): number; monotonicMs(): number };

type Opened = {
  readonly database: LedgerDatabase;
  readonly shares: ShareTable;
  readonly queries: LedgerQueries;
  readonly inode: bigint;
};

export class LedgerStore {
  readonly #options: Required<LedgerStoreOptions>;
  readonly #clock: StoreClock;
  /** Wall clock less monotonic clock at the begin. */
  readonly #offsetMs: number;
  #opened: Opened | undefined;

  constructor(options: LedgerStoreOptions, clock: StoreClock) {
    this.#options = { maxIdentities: MAX_IDENTITIES, maxBatchIds: MAX_BATCH_IDS, ...options };
    this.#clock = clock;
    this.#offsetMs = clock.nowMs() - clock.monotonicMs();
  }

  commit(batch: ShareBatchCommit): void {
    this.#use(({ shares }) => shares.commit(batch, { forget: !this.#clockJumped() }));
  }

  recordBlocks(blocks: readonly BlockRecord[]): void {
    this.#use(({ database }) => {
      const record = database.prepare(
        `INSERT INTO blocks (hash, height, user_identity, found_at, fate, reason)
           VALUES (@hash, @height, @userIdentity, @foundAtMs, @fate, @reason)
           ON CONFLICT (hash) DO UPDATE SET
             height = excluded.height, user_identity = excluded.user_identity, found_at = excluded.found_at,
             fate = excluded.fate, reason = excluded.reason`,
      );
      database
        .transaction(() => {
          for (const block of blocks) record.run({ ...block, reason: block.reason ?? null });
        })
        .immediate();
    });
  }

  rememberDifficulties(entries: readonly RememberedDifficulty[]): void {
    this.#use(({ database }) => {
      const keep = database.prepare(
        `INSERT OR REPLACE INTO difficulties
           (user_identity, kind, difficulty_per_minute, nominal_hashrate, noted_at)
         VALUES (@userIdentity, @kind, @difficultyPerMinute, @nominalHashrate, @atMs)`,
      );
      const forget = database.prepare(
        "DELETE FROM difficulties WHERE number <= (SELECT MAX(number) FROM difficulties) - ?",
      );
      database
        .transaction(() => {
          for (const entry of entries) keep.run(entry);
          forget.run(MAX_DIFFICULTIES);
        })
        .immediate();
    });
  }

  totals(): LedgerTotals {
    return this.#use(({ queries }) => queries.totals());
  }

  totalsOf(userIdentity: string): LedgerTotals {
    return this.#use(({ queries }) => queries.totalsOf(userIdentity));
  }

  report(period: Period): LedgerReport {
    return this.#use(({ queries }) => queries.report(period));
  }

  blocks(): BlockRecord[] {
    return this.#use(({ queries }) => queries.blocks());
  }

  difficulties(): RememberedDifficulty[] {
    return this.#use(({ queries }) => queries.difficulties());
  }

  close(): void {
    this.#opened?.database.close();
    this.#opened = undefined;
  }

  /** @throws {LedgerError} */
  #use<T>(work: (opened: Opened) => T): T {
    try {
      this.#opened ??= this.#open();
      this.#checkPlace(this.#opened);
      return work(this.#opened);
    } catch (error) {
      this.#closeAfter(error);
      throw ledgerErrorOf(error, this.#options.file);
    }
  }

  #open(): Opened {
    const { file, durability } = this.#options;
    const database = openLedgerFile(file, durability);
    return {
      database,
      shares: new ShareTable(database, this.#options),
      queries: new LedgerQueries(database),
      inode: inodeOf(file),
    };
  }

  /** What is written to a file that was removed is lost with it, and SQLite would not notice. */
  #checkPlace({ inode }: Opened): void {
    const { file } = this.#options;
    if (inodeOf(file) === inode) return;
    throw new LedgerError("ledger-replaced", `the ledger ${file} was removed or replaced while it was in use`);
  }

  #closeAfter(error: unknown): void {
    try {
      this.close();
    } catch (cause) {
      // It is given up all the same; what counts is the fault before.
      this.#opened = undefined;
      throw new AggregateError([error, cause], ledgerErrorOf(error, this.#options.file).message);
    }
  }

  #clockJumped(): boolean {
    return Math.abs(this.#clock.nowMs() - this.#clock.monotonicMs() - this.#offsetMs) > CLOCK_JUMP_MS;
  }
}

/** 0 where there is no such file. */
function inodeOf(file: string): bigint {
  return statSync(file, { bigint: true, throwIfNoEntry: false })?.ino ?? 0n;
}
