import { existsSync } from "node:fs";
import Database from "better-sqlite3";
import { describe, expect, it, onTestFinished } from "vitest";
import type { WorkerThread } from "../../src/core/worker-thread.ts";
import type { BlockRecord } from "../../src/ledger/ledger.ts";
import type { LedgerCall } from "../../src/ledger/ledger-calls.ts";
import { SqliteLedger, startLedgerThread } from "../../src/ledger/sqlite-ledger.ts";
import { within } from "../support/wait.ts";
import { blockOf } from "./block-records-suite.ts";
import { ledgerFile, RETENTION } from "./ledger-file.ts";
import { describeLedger } from "./ledger-suite.ts";
import { batchOf, creditOf } from "./ledger-values.ts";

const options = (): ConstructorParameters<typeof SqliteLedger>[0] => ({
  file: ledgerFile(),
  durability: "full",
  retention: RETENTION,
});

describeLedger("SqliteLedger", async () => new SqliteLedger(options()));

/** A ledger and its threads, newest last. */
function watched(file = options()): { ledger: SqliteLedger; threads: WorkerThread<LedgerCall>[] } {
  const threads: WorkerThread<LedgerCall>[] = [];
  const ledger = new SqliteLedger(file, (...start) => {
    const thread = startLedgerThread(...start);
    threads.push(thread);
    return thread;
  });
  onTestFinished(() => ledger.close());
  return { ledger, threads };
}

describe("SqliteLedger's thread", () => {
  it("is started by the first call, and makes no file before", async () => {
    const file = options();
    const { ledger, threads } = watched(file);
    expect(threads).toEqual([]);
    expect(existsSync(file.file)).toBe(false);
    await ledger.commit(batchOf("a", creditOf()));
    expect(threads).toHaveLength(1);
    expect(existsSync(file.file)).toBe(true);
  });

  it("is started again where it died: what it had not answered is rejected, and counted once when it comes again", async () => {
    const { ledger, threads } = watched();
    await ledger.commit(batchOf("a", creditOf()));
    const ended = threads[0]?.terminate();
    const lost = ledger.commit(batchOf("b", creditOf()));
    const isLost = expect(lost).rejects.toMatchObject({
      code: "ledger-failed",
      message: expect.stringContaining("its thread ended (it stopped by itself)"),
    });
    await ended;
    await isLost;
    await ledger.commit(batchOf("b", creditOf()));
    expect(await ledger.totals()).toMatchObject({ acceptedShares: 2 });
    expect(threads).toHaveLength(2);
  });

  it("that died leaves room for as many calls as before", async () => {
    const { ledger, threads } = watched();
    const calls = Promise.allSettled(Array.from({ length: 4_096 }, (_, index) => ledger.totalsOf(`${index}`)));
    await threads[0]?.terminate();
    await calls;
    expect(await ledger.totals()).toMatchObject({ acceptedShares: 0 });
  });

  it("that cannot be had rejects the call, which can be made again", async () => {
    const file = options();
    let refuses = true;
    const ledger = new SqliteLedger(file, (...start) => {
      if (refuses) throw new Error("no room for a thread");
      return startLedgerThread(...start);
    });
    onTestFinished(() => ledger.close());
    await expect(ledger.commit(batchOf("a", creditOf()))).rejects.toMatchObject({
      code: "ledger-failed",
      message: `the ledger ${file.file} failed: its thread cannot be started (Error: no room for a thread)`,
    });
    refuses = false;
    await ledger.commit(batchOf("a", creditOf()));
    expect(await ledger.totals()).toMatchObject({ acceptedShares: 1 });
  });

  it("rejects with the code and the sentence of what is wrong, and goes on", async () => {
    const file = options();
    const { ledger } = watched(file);
    await ledger.commit(batchOf("a", creditOf()));
    const other = new Database(file.file);
    other.exec("BEGIN EXCLUSIVE");
    await expect(ledger.commit(batchOf("b", creditOf()))).rejects.toMatchObject({
      name: "LedgerError",
      code: "ledger-locked",
      message: expect.stringContaining("is locked by another program"),
    });
    other.close();
    await ledger.commit(batchOf("b", creditOf()));
    expect(await ledger.totals()).toMatchObject({ acceptedShares: 2 });
  });

  it("answers what was asked before it was closed, and nothing afterwards", async () => {
    const { ledger, threads } = watched();
    const asked = ledger.commit(batchOf("a", creditOf()));
    const closed = [ledger.close(), ledger.close()];
    await asked;
    await within(Promise.all(closed), "the end of the thread");
    await expect(ledger.totals()).rejects.toMatchObject({ message: "the ledger is closed" });
    expect(threads).toHaveLength(1);
  });

  it("records thousands of blocks at once without holding up shares, and all of them before it closes", async () => {
    const { ledger } = watched();
    const order: string[] = [];
    const blockAt = (index: number): BlockRecord => {
      const hash = new Uint8Array(32);
      new DataView(hash.buffer).setUint32(0, index);
      return blockOf(1, { hash });
    };
    const recorded = Array.from({ length: 4_096 }, (_, index) =>
      ledger.recordBlock(blockAt(index)).then(() => order.push("block")),
    );
    await expect(ledger.recordBlock(blockAt(5_000))).rejects.toMatchObject({ code: "ledger-failed" });
    await Promise.all(recorded);
    const further = [6_000, 6_001].map((index) => ledger.recordBlock(blockAt(index)));
    await ledger.commit(batchOf("a", creditOf()));
    await Promise.all(further);
    const last = ledger.recordBlock(blockAt(7_000));
    await Promise.all([ledger.close(), last]);
    expect(order).toHaveLength(4_096);
  });

  it("takes 4,096 calls at once and refuses one more, which can be made again, but for shares", async () => {
    const { ledger } = watched();
    const calls = Array.from({ length: 4_096 }, (_, index) => ledger.totalsOf(`${index}`));
    await expect(ledger.totals()).rejects.toMatchObject({ message: expect.stringContaining("does not keep up") });
    await ledger.commit(batchOf("a", creditOf()));
    await Promise.all(calls);
    await ledger.totals();
  });
});
