import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { lockDataFolder } from "../../src/ledger/data-folder-lock.ts";
import { LedgerStore } from "../../src/ledger/ledger-store.ts";
import { canMount, SmallDisk } from "../support/small-disk.ts";
import { ledgerFile, RETENTION, STORE_CLOCK } from "./ledger-file.ts";
import { batchOf, creditOf } from "./ledger-values.ts";

const ROOT = join(import.meta.dirname, "../..");
const NO_WAIT = { timeoutMs: 0 };

function held(folder: string): unknown {
  return expect.objectContaining({
    code: "data-folder-in-use",
    disposition: { kind: "shutdown" },
    message: `another pool runs on the data folder "${folder}": stop that one, or set another data_dir`,
  });
}

const MODULE = JSON.stringify(join(ROOT, "dist/ledger/data-folder-lock.js"));

/** To be read by the other process alone: its own file is not mended as long as it is for its owner alone. */
const TO_READ = { mode: process.getuid?.() === 0 ? 0o444 : 0o400 };

/** What the folder's lock says to a process that is not root, as this one may be. */
async function saidToOther(folder: string): Promise<unknown> {
  // So that it gets there.
  chmodSync(tmpdir(), 0o711);
  // What is loaded is loaded before: the checkout may be nobody's business.
  const script = `import(${MODULE}).then(async (m) => {
    const { default: Database } = await import("better-sqlite3");
    new Database(":memory:").close();
    if (process.getuid() === 0) { process.setgid(65534); process.setuid(65534); }
    try { m.lockDataFolder(process.argv[1], { timeoutMs: 0 }); console.log("null"); }
    catch (error) { console.log(JSON.stringify({ ...error.plain, disposition: error.disposition.kind })); }
  })`;
  const child = spawn(process.execPath, ["-e", script, folder], { cwd: ROOT, stdio: ["ignore", "pipe", "inherit"] });
  const [said] = await once(child.stdout, "data");
  return JSON.parse(String(said));
}

/** A process that holds the folder until it is killed. */
async function holder(folder: string): Promise<{ kill: () => Promise<unknown> }> {
  const script = `import(${MODULE}).then((m) => { m.lockDataFolder(process.argv[1], { timeoutMs: 6_000 }); console.log("held"); setInterval(() => {}, 1000); })`;
  const child = spawn(process.execPath, ["-e", script, folder], { stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  await once(child.stdout, "data");
  return {
    kill: () => {
      const exit = once(child, "exit");
      child.kill("SIGKILL");
      return exit;
    },
  };
}

describe("the lock on a data folder", () => {
  it("is had by one at a time, in one process too, and again when it was given back", () => {
    const folder = dirname(ledgerFile());
    const lock = lockDataFolder(folder, NO_WAIT);
    expect(readdirSync(folder)).toEqual(["pool.lock"]);
    expect(() => lockDataFolder(folder, NO_WAIT)).toThrow(held(folder));
    lock.release();
    lockDataFolder(folder, NO_WAIT).release();
  });

  it("ends with its process, killed or not: nothing that is left behind keeps anybody out", async () => {
    const folder = dirname(ledgerFile());
    const other = await holder(folder);
    expect(() => lockDataFolder(folder, NO_WAIT)).toThrow(held(folder));
    await other.kill();
    lockDataFolder(folder, NO_WAIT).release();
  });

  it("is waited for while another pool comes to its end", async () => {
    const folder = dirname(ledgerFile());
    const other = await holder(folder);
    void other.kill();
    lockDataFolder(folder, { timeoutMs: 6_000 }).release();
  });

  it("says where the folder cannot be had", () => {
    const folder = join(dirname(ledgerFile()), "nowhere");
    expect(() => lockDataFolder(folder, NO_WAIT)).toThrow(expect.objectContaining({ code: "ledger-not-writable" }));
  });

  it("is on a file for its owner alone, and on one that others could read it no longer is", () => {
    const folder = dirname(ledgerFile());
    const file = join(folder, "pool.lock");
    lockDataFolder(folder, NO_WAIT).release();
    expect(statSync(file).mode & 0o777).toBe(0o600);
    chmodSync(file, 0o664);
    lockDataFolder(folder, NO_WAIT).release();
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it("is not shared by those who may only read its file, and says what to do about that", async () => {
    const folder = dirname(ledgerFile());
    const file = join(folder, "pool.lock");
    writeFileSync(file, "", TO_READ);
    chmodSync(folder, 0o777);
    expect(await saidToOther(folder)).toEqual({
      code: "data-folder-lock",
      disposition: "shutdown",
      message: `the lock of the data folder, ${file}, cannot be used: while no pool runs there, remove it, or give it to the pool's user`,
    });
  });

  it("says where nothing can be written in the folder, by which no pool is kept from running", async () => {
    const folder = dirname(ledgerFile());
    const refused = {
      code: "ledger-not-writable",
      disposition: "ignore",
      message: `nothing can be written in the data folder "${folder}" (EACCES): check its owner and rights, and whether it is mounted read-only`,
    };
    onTestFinished(() => chmodSync(folder, 0o755));
    for (const prepare of [() => undefined, () => writeFileSync(join(folder, "pool.lock"), "", TO_READ)]) {
      prepare();
      chmodSync(folder, 0o555);
      expect(await saidToOther(folder)).toEqual(refused);
      chmodSync(folder, 0o755);
    }
  });
});

/** A pool's ledger in a folder that could not be locked at the pool's start. */
function storeIn(folder: string): LedgerStore {
  const options = { file: join(folder, "ledger.db"), durability: "full", retention: RETENTION } as const;
  const store = new LedgerStore({ ...options, locksFolder: true }, STORE_CLOCK);
  onTestFinished(() => store.close());
  return store;
}

describe.skipIf(!canMount)("a data folder on a disk that is read-only", () => {
  const IS_READ_ONLY = expect.objectContaining({
    code: "ledger-not-writable",
    message: expect.stringMatching(/^nothing can be written in the data folder "[^"]+" \(EROFS\): /),
  });

  function readOnlyFolder(prepare: (folder: string) => void = () => undefined): SmallDisk {
    const disk = SmallDisk.mount(1_024);
    if (disk === undefined) throw new Error("no disk could be mounted");
    onTestFinished(() => disk.unmount());
    prepare(disk.folder);
    disk.setReadOnly(true);
    return disk;
  }

  it("is nobody's, with the lock's file in it or without, and locked when it can be written", () => {
    for (const prepare of [() => undefined, (folder: string) => lockDataFolder(folder, NO_WAIT).release()]) {
      const disk = readOnlyFolder(prepare);
      for (let times = 0; times < 2; times += 1)
        expect(() => lockDataFolder(disk.folder, NO_WAIT)).toThrow(IS_READ_ONLY);
      disk.setReadOnly(false);
      const lock = lockDataFolder(disk.folder, NO_WAIT);
      expect(() => lockDataFolder(disk.folder, NO_WAIT)).toThrow(held(disk.folder));
      lock.release();
    }
  });

  it("is the ledger's that stores first when it no longer is: another pool's stores nothing before that one has ended", () => {
    const disk = readOnlyFolder();
    const [first, second] = [storeIn(disk.folder), storeIn(disk.folder)];
    for (const store of [first, second]) {
      expect(() => store.commit(batchOf("a", creditOf()))).toThrow(IS_READ_ONLY);
    }
    disk.setReadOnly(false);
    first.commit(batchOf("a", creditOf()));
    expect(() => second.commit(batchOf("b", creditOf()))).toThrow(held(disk.folder));
    expect(() => second.totals()).toThrow(held(disk.folder));
    expect(first.totals().acceptedShares).toBe(1);
    first.close();
    second.commit(batchOf("b", creditOf()));
    expect(second.totals().acceptedShares).toBe(2);
    second.close();
  });

  it("stays the ledger's that has it, whatever becomes of the ledger's file", () => {
    const disk = readOnlyFolder();
    disk.setReadOnly(false);
    const store = storeIn(disk.folder);
    writeFileSync(join(disk.folder, "ledger.db"), "this is no database".repeat(1_000));
    expect(() => store.totals()).toThrow(expect.objectContaining({ code: "ledger-corrupt" }));
    expect(() => lockDataFolder(disk.folder, NO_WAIT)).toThrow(held(disk.folder));
    store.close();
    lockDataFolder(disk.folder, NO_WAIT).release();
  });
});
