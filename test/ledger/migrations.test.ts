import Database from "better-sqlite3";
import { describe, expect, it } from "vitest";
import { LedgerStore } from "../../src/ledger/ledger-store.ts";
import { type LedgerDatabase, openLedgerFile } from "../../src/ledger/sqlite-file.ts";
import { MIGRATIONS } from "../../src/ledger/sqlite-schema.ts";
import { ledgerFile, RETENTION, STORE_CLOCK } from "./ledger-file.ts";
import { batchOf, creditOf } from "./ledger-values.ts";

const COUNTRIES = "CREATE TABLE countries (name TEXT); INSERT INTO countries VALUES ('nowhere');";
const BROKEN = "ALTER TABLE workers ADD COLUMN country TEXT; INSERT INTO no_such_table VALUES (1);";
const COUNTRY = "ALTER TABLE workers ADD COLUMN country TEXT NOT NULL DEFAULT 'nowhere';";

function opened<T>(file: string, migrations: readonly string[], look: (database: LedgerDatabase) => T): T {
  const database = openLedgerFile(file, "full", migrations);
  try {
    return look(database);
  } finally {
    database.close();
  }
}

type State = { readonly version: unknown; readonly tables: readonly unknown[] };

function stateOf(database: LedgerDatabase): State {
  const tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").pluck().all();
  return { version: database.pragma("user_version", { simple: true }), tables };
}

/** A ledger of version 1 with a share of alice's. */
function filled(): string {
  const file = ledgerFile();
  const store = new LedgerStore({ file, durability: "full", retention: RETENTION }, STORE_CLOCK);
  store.commit(batchOf("a", creditOf({ userIdentity: "alice", acceptedShares: 7 })));
  store.close();
  return file;
}

describe("a ledger's migrations", () => {
  it("leave nothing where one of several fails, not even what those before it did, and begin again at the next start", () => {
    const file = ledgerFile();
    const broken = () => opened(file, [COUNTRIES, BROKEN], stateOf);
    for (let times = 0; times < 2; times += 1) {
      expect(broken).toThrow(
        expect.objectContaining({ code: "ledger-failed", message: expect.stringContaining(file) }),
      );
      const left = new Database(file, { readonly: true });
      expect(stateOf(left)).toEqual({ version: 0, tables: [] });
      expect(left.pragma("application_id", { simple: true })).toBe(0);
      left.close();
    }
    expect(opened(file, [COUNTRIES, "CREATE TABLE towns (name TEXT)"], stateOf)).toEqual({
      version: 2,
      tables: ["countries", "towns"],
    });
  });

  it("leave a ledger that has had some as it was where the next one fails, with all that is in it", () => {
    const file = filled();
    const before = opened(file, MIGRATIONS, stateOf);
    expect(() => opened(file, [...MIGRATIONS, COUNTRIES, BROKEN], stateOf)).toThrow("no_such_table");
    expect(opened(file, MIGRATIONS, stateOf)).toEqual(before);
    const store = new LedgerStore({ file, durability: "full", retention: RETENTION }, STORE_CLOCK);
    expect(store.totalsOf("alice").acceptedShares).toBe(7);
    store.close();
  });

  it("bring a ledger with data to the next version once, by what is new in it alone", () => {
    const file = filled();
    const before = opened(file, MIGRATIONS, stateOf);
    const next = [...MIGRATIONS, `${COUNTRIES} ${COUNTRY}`];
    for (let times = 0; times < 2; times += 1) {
      opened(file, next, (database) => {
        const { version, tables } = stateOf(database);
        expect(version).toBe(MIGRATIONS.length + 1);
        expect(tables).toEqual([...before.tables, "countries"].sort());
        const alice = database.prepare("SELECT accepted_shares, country FROM workers WHERE user_identity = 'alice'");
        expect(alice.all()).toEqual([{ accepted_shares: 7, country: "nowhere" }]);
        expect(database.prepare("SELECT COUNT(*) FROM countries").pluck().get()).toBe(1);
      });
    }
    expect(() => opened(file, MIGRATIONS, stateOf)).toThrow(expect.objectContaining({ code: "ledger-too-new" }));
  });

  it("wait for one another where two programs begin", () => {
    const file = filled();
    const next = [...MIGRATIONS, COUNTRIES];
    const first = openLedgerFile(file, "full", MIGRATIONS);
    first.exec("BEGIN IMMEDIATE");
    expect(() => opened(file, next, stateOf)).toThrow(expect.objectContaining({ code: "ledger-locked" }));
    first.exec("ROLLBACK");
    first.close();
    expect(opened(file, next, stateOf).version).toBe(MIGRATIONS.length + 1);
  });
});
