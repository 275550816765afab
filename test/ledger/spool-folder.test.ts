import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { reversed, toHex } from "../../src/core/bytes.ts";
import { encodeSpoolFile, fileNameOf } from "../../src/ledger/spool-file.ts";
import { type SpoolDisk, SpoolFolder, type SpoolReading } from "../../src/ledger/spool-folder.ts";
import { failing, watched } from "./spool-disk.ts";
import { spooledBlock } from "./spool-values.ts";

let path: string;
let folder: SpoolFolder;
beforeEach(() => {
  path = join(mkdtempSync(join(tmpdir(), "adit-spool-")), "spool");
  folder = new SpoolFolder(path);
});

const BLOCK = spooledBlock();
const EMPTY: SpoolReading = { blocks: [], damaged: [], unread: [], foreign: [], unremoved: [], left: 0 };
const NAME = fileNameOf(BLOCK);

/** Puts a file into the folder as another program may have left it. */
function put(name: string, bytes: Uint8Array | string): void {
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, name), bytes);
}

describe("a block that is written", () => {
  it("is one line of JSON and the raw block, in a file named by height and hash as explorers print it", () => {
    folder.write(BLOCK);
    const hash = toHex(reversed(BLOCK.hash));
    expect(readdirSync(path)).toEqual([`900001-${hash}.block`]);
    const bytes = readFileSync(join(path, NAME));
    const end = bytes.indexOf("\n");
    expect(JSON.parse(bytes.subarray(0, end).toString("utf8"))).toEqual({
      version: 1,
      hash,
      height: 900_001,
      userIdentity: "alice.rig",
      channel: "7:2",
      foundAtMs: 1_700_000_000_001,
      sizeBytes: 200,
    });
    expect(toHex(bytes.subarray(end + 1))).toBe(toHex(BLOCK.block));
  });

  it("is read again as it was, whoever found it", () => {
    const block = spooledBlock(2, { userIdentity: 'a"b\n\u{1f600}'.repeat(30) });
    folder.write(block);
    expect(folder.read()).toEqual({ ...EMPTY, blocks: [block] });
  });

  it("is its owner's alone, and so is the folder", () => {
    folder.write(BLOCK);
    expect(statSync(path).mode & 0o777).toBe(0o700);
    expect(statSync(join(path, NAME)).mode & 0o777).toBe(0o600);
  });

  it("is synced before it has its name, and its name before the call returns; so is that of a new folder", () => {
    const calls: string[] = [];
    const opened = new Map<number, string>();
    const disk = watched((call, [first, second], result) => {
      if (call === "openSync") opened.set(Number(result), String(first).slice(path.length - "spool".length));
      else if (call === "fsyncSync") calls.push(`sync ${opened.get(Number(first))}`);
      else if (call === "writeFileSync") calls.push("write");
      else if (call === "renameSync") calls.push(`rename to ${String(second).slice(path.length + 1)}`);
    });
    new SpoolFolder(path, disk).write(BLOCK);
    expect(calls).toEqual(["sync ", "write", `sync spool/${NAME}.tmp`, `rename to ${NAME}`, "sync spool"]);
  });

  it("takes the place of what an earlier try left", () => {
    put(`${NAME}.tmp`, "half");
    folder.write(BLOCK);
    folder.write(BLOCK);
    expect(readdirSync(path)).toEqual([NAME]);
    expect(folder.read().blocks).toEqual([BLOCK]);
  });
});

describe("a disk that fails", () => {
  it.each([
    ["writeFileSync", "ENOSPC"],
    ["fsyncSync", "EIO"],
    ["renameSync", "EACCES"],
    ["openSync", "EROFS"],
  ] as const)("in %s by %s is told, and leaves nothing half", (call, code) => {
    mkdirSync(path);
    expect(() => new SpoolFolder(path, failing(call, code)).write(BLOCK)).toThrow(code);
    expect(readdirSync(path)).toEqual([]);
  });

  it("also in removing what is half, is told by its first error", () => {
    const disk = { ...failing("writeFileSync", "ENOSPC"), rmSync: rmThatFailsOnceFilesAreThere() };
    expect(() => new SpoolFolder(path, disk).write(BLOCK)).toThrow("ENOSPC");
    expect(folder.read().blocks).toEqual([]);
    expect(readdirSync(path)).toEqual([]);
  });

  it("does not make the folder where that above it is gone", () => {
    expect(() => new SpoolFolder(join(path, "spool")).write(BLOCK)).toThrow("ENOENT");
  });

  it("is told where the folder is a file, in reading as in writing", () => {
    writeFileSync(path, "");
    expect(() => folder.write(BLOCK)).toThrow("ENOTDIR");
    expect(() => folder.read()).toThrow("ENOTDIR");
  });

  it.skipIf(process.getuid?.() === 0)("is told where the folder cannot be written", () => {
    mkdirSync(path);
    chmodSync(path, 0o500);
    expect(() => folder.write(BLOCK)).toThrow("EACCES");
  });
});

function rmThatFailsOnceFilesAreThere(): SpoolDisk["rmSync"] {
  return (file) => {
    if (existsSync(file)) throw new Error("it stays");
  };
}

describe("what is read at the start", () => {
  it("is nothing where there is no folder, and none is made", () => {
    expect(folder.read()).toEqual(EMPTY);
    expect(existsSync(path)).toBe(false);
  });

  it("comes by height, not by the digits of its names", () => {
    const heights = [1_000_000, 999_999, 5];
    for (const height of heights) folder.write(spooledBlock(height, { height }));
    expect(folder.read().blocks.map(({ height }) => height)).toEqual([5, 999_999, 1_000_000]);
  });

  it("is without files that were not finished, which are removed", () => {
    folder.write(BLOCK);
    put(`${fileNameOf(spooledBlock(2))}.tmp`, encodeSpoolFile(spooledBlock(2)));
    expect(folder.read().blocks).toEqual([BLOCK]);
    expect(readdirSync(path)).toEqual([NAME]);
  });

  it("is without what was set aside, and without what is no file of the spool", () => {
    put(`${NAME}.refused`, encodeSpoolFile(BLOCK));
    put(`${NAME}.damaged`, encodeSpoolFile(BLOCK));
    put("README", "by an operator");
    expect(folder.read()).toEqual(EMPTY);
    expect(readdirSync(path)).toHaveLength(3);
  });

  const whole = encodeSpoolFile(BLOCK);
  const changed = (from: string, to: string): Uint8Array =>
    Buffer.from(Buffer.from(whole).toString("latin1").replace(from, to), "latin1");
  const otherHeader = whole.slice();
  otherHeader[whole.length - 200] = 0xff;
  it.each([
    ["is empty", new Uint8Array(0), "its first line is cut"],
    ["is cut in its first line", whole.slice(0, 50), "its first line is cut"],
    ["has an endless first line", new Uint8Array(20_000).fill(0x20), "its first line is cut"],
    ["is cut in its last byte", whole.slice(0, -1), "it has 199 bytes of a block of 200"],
    ["has a byte too many", Uint8Array.from([...whole, 0]), "it has 201 bytes of a block of 200"],
    ["has another header", otherHeader, "the block has another hash"],
    ["has no version", changed('"version":1', '"version":-1'), "its first line lacks a version"],
    ["is no JSON", changed("{", "["), "its first line is no JSON"],
    ["has JSON that is no object", Buffer.from("7\n"), "its first line is no JSON"],
    ["has no height", changed('"height":900001', '"height":-1'), "its first line lacks a fact"],
    ["has no finder", changed('"alice.rig"', "7"), "its first line lacks a fact"],
    ["is another block's", encodeSpoolFile(spooledBlock(3)), "its name is another block's"],
  ])("is without a file that %s: it is set aside and named", (_how, bytes, reason) => {
    put(NAME, bytes);
    folder.write(spooledBlock(2));
    expect(folder.read()).toEqual({
      ...EMPTY,
      blocks: [spooledBlock(2)],
      damaged: [{ name: NAME, reason, isAside: true }],
    });
    expect(readdirSync(path).sort()).toEqual([`${NAME}.damaged`, fileNameOf(spooledBlock(2))]);
  });

  it("is without what is damaged and cannot be renamed, which is said", () => {
    put(NAME, new Uint8Array(0));
    const { damaged } = new SpoolFolder(path, failing("renameSync", "EROFS")).read();
    expect(damaged).toEqual([{ name: NAME, reason: "its first line is cut", isAside: false }]);
  });

  it("is the 1,024 highest blocks; one more is left for the next start", () => {
    for (let index = 1; index <= 1_025; index += 1)
      put(fileNameOf(spooledBlock(index)), encodeSpoolFile(spooledBlock(index)));
    const { blocks, left } = folder.read();
    expect([blocks.length, blocks[0]?.height, left]).toEqual([1_024, 900_002, 1]);
    expect(readdirSync(path)).toHaveLength(1_025);
    folder.remove(NAME);
    expect(folder.read().left).toBe(0);
  });
});

describe("a block that is finished", () => {
  it("is removed, also where it is not there", () => {
    folder.write(BLOCK);
    folder.remove(NAME);
    folder.remove(NAME);
    expect(readdirSync(path)).toEqual([]);
  });

  it("is set aside whole where it was refused, and not read again", () => {
    folder.write(BLOCK);
    folder.setAside(NAME);
    folder.setAside(NAME);
    expect(readdirSync(path)).toEqual([`${NAME}.refused`]);
    expect([...readFileSync(join(path, `${NAME}.refused`))]).toEqual([...whole()]);
    expect(folder.read().blocks).toEqual([]);
  });

  const whole = (): Uint8Array => encodeSpoolFile(BLOCK);
});
