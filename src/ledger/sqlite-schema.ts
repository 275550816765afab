/**
 * The ledger's tables, as a row of migrations: a file that has had the first n of them is of version n. A migration that
 * was published never changes; a new one is added at the end.
 *
 * Worker 0 stands for everybody together. Times are milliseconds since the epoch; `begin` is that of a minute, hour or
 * day of UTC. What is in the minutes is in hours and days as well, but for that of the minute `folded_until`. Days before
 * `days_from` were forgotten; the clock was trusted last at `trusted_until`, and once fell where there is `went_back`.
 * `minutes_from` and `hours_from` are not used.
 */

const SHARES = `
  begin INTEGER NOT NULL,
  worker INTEGER NOT NULL,
  accepted_shares INTEGER NOT NULL,
  difficulty REAL NOT NULL,
  best_difficulty REAL NOT NULL,
  PRIMARY KEY (begin, worker)`;

const REJECTS = `
  begin INTEGER NOT NULL,
  worker INTEGER NOT NULL,
  code TEXT NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (begin, worker, code)`;

const FIRST = `
CREATE TABLE batches (number INTEGER PRIMARY KEY, batch_id TEXT NOT NULL UNIQUE);
CREATE TABLE workers (
  worker INTEGER PRIMARY KEY AUTOINCREMENT,
  user_identity TEXT UNIQUE,
  last_seen INTEGER NOT NULL,
  accepted_shares INTEGER NOT NULL,
  difficulty REAL NOT NULL,
  best_difficulty REAL NOT NULL
);
CREATE INDEX workers_by_last_seen ON workers (last_seen);
CREATE TABLE worker_rejects (
  worker INTEGER NOT NULL,
  code TEXT NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (worker, code)
) WITHOUT ROWID;
CREATE TABLE minute_shares (${SHARES}) WITHOUT ROWID;
CREATE TABLE minute_rejects (${REJECTS}) WITHOUT ROWID;
CREATE TABLE hour_shares (${SHARES}) WITHOUT ROWID;
CREATE TABLE hour_rejects (${REJECTS}) WITHOUT ROWID;
CREATE TABLE day_shares (${SHARES}) WITHOUT ROWID;
CREATE TABLE day_rejects (${REJECTS}) WITHOUT ROWID;
CREATE TABLE blocks (
  number INTEGER PRIMARY KEY,
  hash BLOB NOT NULL UNIQUE,
  height INTEGER NOT NULL,
  user_identity TEXT NOT NULL,
  found_at INTEGER NOT NULL,
  fate TEXT NOT NULL,
  reason TEXT
);
CREATE INDEX blocks_by_time ON blocks (found_at);
CREATE TABLE difficulties (
  number INTEGER PRIMARY KEY,
  user_identity TEXT NOT NULL,
  kind TEXT NOT NULL,
  difficulty_per_minute REAL NOT NULL,
  nominal_hashrate REAL NOT NULL,
  noted_at INTEGER NOT NULL,
  UNIQUE (user_identity, kind)
);
CREATE TABLE marks (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO marks VALUES ('folded_until', 0), ('minutes_from', 0), ('hours_from', 0), ('days_from', 0);
INSERT INTO workers VALUES (0, NULL, 0, 0, 0, 0);
`;

export const MIGRATIONS: readonly string[] = [FIRST];

/** Of SQLite's header: "adit". */
export const APPLICATION_ID = 0x61646974;
