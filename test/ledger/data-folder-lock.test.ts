import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { lockDataFolder } from "../../src/ledger/data-folder-lock.ts";
import { ledgerFile } from "./ledger-file.ts";

const ROOT = join(import.meta.dirname, "../..");
const NO_WAIT = { timeoutMs: 0 };

function held(folder: string): unknown {
  return expect.objectContaining({
    code: "data-folder-in-use",
    disposition: { kind: "shutdown" },
    message: `another pool runs on the data folder "${folder}": stop that one, or set another data_dir`,
  });
}

/** A process that holds the folder until it is killed. */
async function holder(folder: string): Promise<{ kill: () => Promise<unknown> }> {
  const module = JSON.stringify(join(ROOT, "dist/ledger/data-folder-lock.js"));
  const script = `import(${module}).then((m) => { m.lockDataFolder(process.argv[1]); console.log("held"); setInterval(() => {}, 1000); })`;
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
    const lock = lockDataFolder(folder);
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
    lockDataFolder(folder).release();
  });

  it("says where the folder cannot be had", () => {
    const folder = join(dirname(ledgerFile()), "nowhere");
    expect(() => lockDataFolder(folder, NO_WAIT)).toThrow(expect.objectContaining({ code: "ledger-not-writable" }));
  });
});
