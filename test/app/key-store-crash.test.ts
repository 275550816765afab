import { existsSync, mkdtempSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { loadOrCreateKeys } from "../../src/app/key-store.ts";

/** What a test does while a key is being written. */
let onWrite: () => void;
/** Paths, in order. */
const synced: string[] = [];

vi.mock("node:fs", async (importOriginal) => {
  const fs = await importOriginal<typeof import("node:fs")>();
  const writeSync = (...given: Parameters<typeof fs.writeSync>): number => {
    onWrite();
    return fs.writeSync(...given);
  };
  const opened = new Map<number, string>();
  const openSync = (...given: Parameters<typeof fs.openSync>): number => {
    const descriptor = fs.openSync(...given);
    opened.set(descriptor, String(given[0]));
    return descriptor;
  };
  const fsyncSync = (descriptor: number): void => {
    synced.push(opened.get(descriptor) ?? "");
    fs.fsyncSync(descriptor);
  };
  return { ...fs, writeSync, openSync, fsyncSync };
});

let dataDir: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), "adit-keys-"));
  onWrite = () => undefined;
  synced.length = 0;
});

describe("a key that is being written", () => {
  it("is in folders that were synced, the data folder too, whoever made that", () => {
    const before: string[][] = [];
    onWrite = () => before.push([...synced]);
    loadOrCreateKeys(dataDir);
    expect(before[0]).toEqual([dirname(dataDir), dataDir]);
    expect(synced.at(-1)).toBe(join(dataDir, "keys"));
  });

  it("is under no name that anybody reads before it is whole", () => {
    const seen: boolean[] = [];
    onWrite = () => seen.push(existsSync(join(dataDir, "keys", seen.length === 0 ? "authority.key" : "static.key")));
    loadOrCreateKeys(dataDir);
    expect(seen).toEqual([false, false]);
  });

  it("leaves nothing behind when the disk is full, and is made at the next start", () => {
    onWrite = () => {
      throw Object.assign(new Error("no space left"), { code: "ENOSPC" });
    };
    expect(() => loadOrCreateKeys(dataDir)).toThrow(/authority\.key cannot be written \(ENOSPC\)/);
    expect(readdirSync(join(dataDir, "keys"))).toEqual([]);
    onWrite = () => undefined;
    expect(loadOrCreateKeys(dataDir).authorityPublicKey).toHaveLength(32);
  });

  it("gives way to that of another process which was faster", () => {
    let others: ReturnType<typeof loadOrCreateKeys> | undefined;
    onWrite = () => {
      onWrite = () => undefined;
      others = loadOrCreateKeys(dataDir);
    };
    const ours = loadOrCreateKeys(dataDir);
    expect(ours).toEqual(others);
    expect(readdirSync(join(dataDir, "keys")).sort()).toEqual(["authority.key", "static.key"]);
  });
});
