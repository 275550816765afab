import * as fs from "node:fs";
import { existsSync, mkdirSync, mkdtempSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { type FolderDisk, makeFolder } from "../../src/app/make-folder.ts";

let above: string;
/** What was done, in order. */
let done: string[];
/** That folder cannot be synced. */
let unsynced: string | undefined;
let disk: FolderDisk;
beforeEach(() => {
  above = mkdtempSync(join(tmpdir(), "adit-folder-"));
  done = [];
  unsynced = undefined;
  const opened = new Map<number, string>();
  disk = {
    ...fs,
    mkdirSync: ((path: string, options: fs.MakeDirectoryOptions) => {
      fs.mkdirSync(path, options);
      done.push(`make ${path.slice(above.length)}`);
    }) as typeof fs.mkdirSync,
    openSync: (path, ...rest) => {
      const descriptor = fs.openSync(path, ...rest);
      opened.set(descriptor, String(path));
      return descriptor;
    },
    fsyncSync: (descriptor) => {
      const path = opened.get(descriptor) ?? "";
      if (path === unsynced) throw Object.assign(new Error("EIO: fsync"), { code: "EIO" });
      done.push(`sync ${path.slice(above.length)}`);
    },
  };
});

describe("a folder that is made", () => {
  it("is its owner's alone, and synced, as are those above it that were absent", () => {
    makeFolder(join(above, "a/b"), disk);
    expect(done).toEqual(["make /a", "sync ", "make /a/b", "sync /a"]);
    expect(statSync(join(above, "a/b")).mode & 0o777).toBe(0o700);
  });

  it("is not taken where it cannot be synced", () => {
    unsynced = above;
    expect(() => makeFolder(join(above, "a/b"), disk)).toThrow("EIO");
    expect(existsSync(join(above, "a/b"))).toBe(false);
  });
});

describe("a folder that is there", () => {
  beforeEach(() => mkdirSync(join(above, "a"), { mode: 0o750 }));

  it("is synced, as who made it may have ended before that, and kept as it is", () => {
    makeFolder(join(above, "a"), disk);
    expect(done).toEqual(["sync "]);
    expect(statSync(join(above, "a")).mode & 0o777).toBe(0o750);
  });

  it("is taken also where that above it cannot be synced", () => {
    unsynced = above;
    makeFolder(join(above, "a"), disk);
    expect(done).toEqual([]);
  });

  it("and is a file is told", () => {
    writeFileSync(join(above, "b"), "");
    expect(() => makeFolder(join(above, "b"), disk)).toThrow("EEXIST");
  });
});
