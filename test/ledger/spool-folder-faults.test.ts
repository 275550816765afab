/** What a disk that fails, or a process that ended at the wrong moment, does to the spool's folder. */

import * as fs from "node:fs";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { MAX_SPOOLED_BLOCKS } from "../../src/ledger/spool.ts";
import { encodeSpoolFile, fileNameOf } from "../../src/ledger/spool-file.ts";
import { type SpoolDisk, SpoolFolder } from "../../src/ledger/spool-folder.ts";
import { failing, systemError, watched } from "./spool-disk.ts";
import { spooledBlock } from "./spool-values.ts";

let data: string;
let path: string;
let folder: SpoolFolder;
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), "adit-spool-"));
  path = join(data, "spool");
  folder = new SpoolFolder(path);
});

const BLOCK = spooledBlock();
const NAME = fileNameOf(BLOCK);
const OTHER = spooledBlock(2);

/** That fails to read that file. */
function unreadable(name: string, code: string): SpoolDisk {
  const readFileSync = ((file: string) => {
    if (file.endsWith(name)) throw systemError(code, "read");
    return fs.readFileSync(file);
  }) as SpoolDisk["readFileSync"];
  return { ...fs, readFileSync };
}

describe("a file that cannot be read", () => {
  it.each(["EMFILE", "EIO", "EACCES", "ENOMEM"])("by %s stays, is told, and holds up no other", (code) => {
    folder.write(BLOCK);
    folder.write(OTHER);
    const reading = new SpoolFolder(path, unreadable(NAME, code)).read();
    expect(reading).toMatchObject({ blocks: [OTHER], damaged: [] });
    expect(reading.unread).toEqual([{ name: NAME, systemCode: code, reason: `${code}: read` }]);
    expect(readdirSync(path).sort()).toEqual([NAME, fileNameOf(OTHER)]);
    expect(folder.read().blocks).toEqual([BLOCK, OTHER]);
  });

  it("is read again by its name alone", () => {
    for (const block of [BLOCK, OTHER]) folder.write(block);
    writeFileSync(join(path, "x.tmp"), "");
    expect(folder.read([fileNameOf(OTHER)]).blocks).toEqual([OTHER]);
    expect(readdirSync(path)).toContain("x.tmp");
  });

  it("and is a folder stays too", () => {
    mkdirSync(join(path, NAME), { recursive: true });
    const { unread, damaged } = folder.read();
    expect(unread).toMatchObject([{ name: NAME, systemCode: "EISDIR" }]);
    expect(damaged).toEqual([]);
    expect(readdirSync(path)).toEqual([NAME]);
  });

  it("since an operator took it away is not waited for", () => {
    folder.write(BLOCK);
    expect(new SpoolFolder(path, unreadable(NAME, "ENOENT")).read().unread).toEqual([]);
  });

  it("takes one of the 1,024 places, and what has its end already takes none", () => {
    mkdirSync(path);
    const put = (index: number, bytes?: Uint8Array): void => {
      const block = spooledBlock(index);
      writeFileSync(join(path, fileNameOf(block)), bytes ?? encodeSpoolFile(block));
    };
    for (let index = 1; index <= MAX_SPOOLED_BLOCKS; index += 1) put(index);
    put(2_000, new Uint8Array(0));
    put(2_001, Buffer.from('{"version":2}\n'));
    expect(folder.read()).toMatchObject({ damaged: [{}], foreign: [{}], left: 0 });
    const highest = spooledBlock(3_000);
    folder.write(highest);
    const reading = new SpoolFolder(path, unreadable(fileNameOf(highest), "EIO")).read();
    expect([reading.blocks.length, reading.blocks[0]?.height, reading.left]).toEqual([1_023, 900_002, 1]);
  });
});

it("a file of another version is left as it is to the program that wrote it, and told with its version", () => {
  folder.write(OTHER);
  const newer = '{"version":2,"what":"follows is not known yet"}\n';
  writeFileSync(join(path, NAME), newer);
  for (const _start of [1, 2]) {
    const { blocks, damaged, foreign } = folder.read();
    expect({ blocks, damaged, foreign }).toEqual({
      blocks: [OTHER],
      damaged: [],
      foreign: [{ name: NAME, version: 2 }],
    });
  }
  expect(readFileSync(join(path, NAME), "utf8")).toBe(newer);
});

describe("an unfinished file that cannot be removed", () => {
  it.each(["EROFS", "EACCES"])("by %s is told, and blocks are read all the same", (code) => {
    folder.write(BLOCK);
    writeFileSync(join(path, "x.tmp"), "");
    const { blocks, unremoved } = new SpoolFolder(path, failing("rmSync", code)).read();
    expect(blocks).toEqual([BLOCK]);
    expect(unremoved).toEqual([{ name: "x.tmp", systemCode: code, reason: `${code}: rmSync` }]);
  });
});

describe("the folder's own name", () => {
  /** Folders that were synced, on a disk that fails the first of those syncs where it is told to. */
  function syncing(options: { readonly firstFails: boolean }): { disk: SpoolDisk; synced: string[] } {
    const synced: string[] = [];
    const opened = new Map<number, string>();
    let fails = options.firstFails;
    const disk = watched((call, [first], result) => {
      if (call === "openSync") opened.set(Number(result), String(first));
      if (call !== "fsyncSync") return;
      const synchronised = opened.get(Number(first)) ?? "";
      if (synchronised === data && fails) {
        fails = false;
        throw systemError("EIO", "fsync");
      }
      if (synchronised === data || synchronised === path) synced.push(synchronised);
    });
    return { disk, synced };
  }

  it("is synced with the first block, also where an earlier process made it, and once", () => {
    mkdirSync(path);
    const { disk, synced } = syncing({ firstFails: false });
    const found = new SpoolFolder(path, disk);
    found.write(BLOCK);
    found.write(OTHER);
    expect(synced).toEqual([data, path, path]);
  });

  it("is synced by the next try where that failed: no block is durable before", () => {
    const { disk, synced } = syncing({ firstFails: true });
    const made = new SpoolFolder(path, disk);
    expect(() => made.write(BLOCK)).toThrow("EIO");
    expect(synced).toEqual([]);
    made.write(BLOCK);
    expect(synced).toEqual([data, path]);
  });

  it("is synced again once the folder was made anew", () => {
    const { disk, synced } = syncing({ firstFails: false });
    const made = new SpoolFolder(path, disk);
    made.write(BLOCK);
    rmSync(path, { recursive: true });
    made.write(BLOCK);
    expect(synced).toEqual([data, path, data, path]);
  });

  it("and those in it are synced before they are read, and read all the same where that fails", () => {
    folder.write(BLOCK);
    const well = syncing({ firstFails: false });
    expect(new SpoolFolder(path, well.disk).read().blocks).toEqual([BLOCK]);
    expect(well.synced).toEqual([path, data]);
    const ill = syncing({ firstFails: true });
    const found = new SpoolFolder(path, ill.disk);
    expect(found.read().blocks).toEqual([BLOCK]);
    found.write(OTHER);
    expect(ill.synced).toEqual([path, data, path]);
  });
});
