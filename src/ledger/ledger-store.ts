/**
 * The ledger's file with all that is done to it, without threads. After any fault the file is closed, and opened again
 * with the next call: what was wrong with disk, folder or file may have been mended meanwhile.
 */

import { dirname } from "node:path";
import { ClockTrust, type StoreClock } from "./clock-trust.ts";
import { type DataFolderLock, lockDataFolder } from "./data-folder-lock.ts";
import { LedgerError, type LedgerErrorCode } from "./errors.ts";
import type {
  BlockRecord,
  LedgerReport,
  LedgerTotals,
  Period,
  RememberedDifficulty,
  ShareBatchCommit,
} from "./ledger.ts";
import { LedgerPlace, type MissingPart, takeOverLog } from "./ledger-place.ts";
import { LedgerQueries } from "./ledger-queries.ts";
import { isEmpty } from "./log-alone.ts";
import type { Retention } from "./roll-ups.ts";
import { ShareTable } from "./share-table.ts";
import { ledgerErrorOf } from "./sqlite-error.ts";
import { type Durability, type LedgerDatabase, openLedgerFile } from "./sqlite-file.ts";
import { Suspicion } from "./suspicion.ts";

export type LedgerStoreOptions = {
  readonly file: string;
  readonly durability: Durability;
  readonly retention: Retention;
  /** Nobody has taken the lock of the data folder yet: the file is not touched before this store has it. */
  readonly locksFolder?: boolean;
  readonly maxIdentities?: number;
  readonly maxBatchIds?: number;
};

/** Each has a row of some 100 bytes, and one for each unit of time in which it earns. Arbitrary. */
const MAX_IDENTITIES = 1_000_000;
/** Forty minutes at four flushes a second. A repeat follows within seconds, or as soon as a fault is mended. */
const MAX_BATCH_IDS = 10_000;
/** As many as the difficulty memory holds. */
const MAX_DIFFICULTIES = 100_000;

type Opened = {
  readonly database: LedgerDatabase;
  readonly shares: ShareTable;
  readonly queries: LedgerQueries;
  readonly place: LedgerPlace;
};

export class LedgerStore {
  readonly #options: Required<LedgerStoreOptions>;
  readonly #clock: ClockTrust;
  #opened: Opened | undefined;
  /** After a fault nothing more is done with what is open: what its parts know of the file may have been rolled back. */
  #isGivenUp = false;
  /** Held where another program wrote into the files: they are looked through before they are used again. */
  readonly #suspicion: Suspicion;
  /** Of the file that was opened last. */
  #lastPlace: LedgerPlace | undefined;
  #lock: DataFolderLock | undefined;

  constructor(options: LedgerStoreOptions, clock: StoreClock) {
    this.#options = {
      locksFolder: false,
      maxIdentities: MAX_IDENTITIES,
      maxBatchIds: MAX_BATCH_IDS,
      ...options,
    };
    this.#suspicion = new Suspicion(options.file);
    this.#clock = new ClockTrust(clock);
  }

  commit(batch: ShareBatchCommit): void {
    this.#use(({ shares }) => shares.commit(batch, { trustedMs: this.#clock.trustedMs(shares.trustedMs) }));
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

  /** @throws {LedgerError} where what was stored cannot be kept. */
  close(): void {
    this.#closeFile();
    this.#lock?.release();
    this.#lock = undefined;
  }

  /** @throws {LedgerError} */
  #use<T>(work: (opened: Opened) => T): T {
    const { file } = this.#options;
    try {
      const isTouched = this.#opened?.place.change === "touched";
      if (isTouched) this.#suspicion.hold();
      // What is open may know pages that are not in the file any more.
      if (this.#isGivenUp || isTouched) this.#closeFile();
      this.#opened ??= this.#open();
      if (this.#suspicion.isHeld) this.#check(this.#opened);
      const result = work(this.#opened);
      // Afterwards: nothing is promised that went to a file without a name.
      const missing = this.#opened.place.leave();
      if (missing !== undefined) throw replaced(file, missing);
      return result;
    } catch (error) {
      const fault = ledgerErrorOf(error, file);
      throw this.#isGivenUp ? fault : this.#closeAfter(fault);
    }
  }

  #open(): Opened {
    const { file, durability, locksFolder } = this.#options;
    if (locksFolder) this.#lock ??= lockDataFolder(dirname(file), { timeoutMs: 0 });
    this.#lastPlace?.removeLeft();
    const database = openLedgerFile(file, durability);
    const place = new LedgerPlace(file);
    this.#lastPlace = place;
    return { database, shares: new ShareTable(database, this.#options), queries: new LedgerQueries(database), place };
  }

  /** In what is damaged nothing is safe that is stored. */
  #check({ database, place }: Opened): void {
    const { file } = this.#options;
    const { stamp } = place;
    const known = this.#suspicion.verdictOn(stamp);
    if (known !== undefined) throw known;
    const damage = damageIn(database, file);
    if (damage !== undefined) {
      this.#suspicion.condemn(stamp, damage);
      throw damage;
    }
    if (place.change === "touched") {
      throw new LedgerError("ledger-locked", `the ledger ${file} is being changed by another program: end that`);
    }
    this.#suspicion.lift();
  }

  /** @returns what the caller is told. */
  #closeAfter(error: LedgerError): LedgerError {
    this.#isGivenUp = this.#opened !== undefined;
    try {
      this.#closeFile();
      return error;
    } catch (cause) {
      // A handle that cannot be closed is given up; one that is kept open has to be mended first.
      const { code, message } = this.#opened === undefined ? error : ledgerErrorOf(cause, this.#options.file);
      return new LedgerError(code as LedgerErrorCode, message, new AggregateError([error, cause]));
    }
  }

  /** Keeps it open where that is all that still has what was stored. */
  #closeFile(): void {
    const opened = this.#opened;
    if (opened === undefined) return;
    const { missing } = opened.place;
    // Who removes the log may have put another file in the place of the ledger's bytes.
    if (missing === "log") this.#suspicion.hold();
    if (missing !== undefined) this.#saveLog(opened);
    this.#opened = undefined;
    this.#isGivenUp = false;
    opened.database.close();
    opened.place.removeLeft();
  }

  /** What was stored since it was last taken over has no name, or that of another ledger's: it would end with this handle. */
  #saveLog({ database }: Opened): void {
    const { file } = this.#options;
    if (takeOverLog(database)) return;
    throw new LedgerError(
      "ledger-locked",
      `the ledger ${file}, or what is beside it, was removed in use: that is saved as soon as no other program reads the ledger, so end that`,
    );
  }
}

/** What a look through the whole file finds. @throws {Error} SQLite's, where it could not be looked through. */
function damageIn(database: LedgerDatabase, file: string): LedgerError | undefined {
  try {
    if (database.pragma("integrity_check(1)", { simple: true }) === "ok") return undefined;
  } catch (error) {
    if (ledgerErrorOf(error, file).code !== "ledger-corrupt") throw error;
  }
  return new LedgerError(
    "ledger-corrupt",
    `the ledger ${file} was changed by another program while it was in use, and is damaged: stop the pool, and restore it from a backup or move it away to begin a new one`,
  );
}

function replaced(file: string, missing: MissingPart): LedgerError {
  if (missing === "log") {
    const message = `what is beside the ledger, ${file}-wal or -shm, was removed or replaced while it was in use`;
    return new LedgerError("ledger-replaced", message);
  }
  const now = isEmpty(file)
    ? "removed while it was in use, and a new one is begun: if that was not meant, stop the pool and restore a backup"
    : "replaced while it was in use: what is there now counts";
  return new LedgerError("ledger-replaced", `the ledger ${file} was ${now}`);
}
