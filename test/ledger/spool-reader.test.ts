import { beforeEach, describe, expect, it } from "vitest";
import { FolderSpool } from "../../src/ledger/folder-spool.ts";
import type { LeftBlock, SpooledBlock } from "../../src/ledger/spool.ts";
import { fileNameOf } from "../../src/ledger/spool-file.ts";
import type { SpoolReading } from "../../src/ledger/spool-folder.ts";
import type { SpoolResult, SpoolTask } from "../../src/ledger/spool-orders.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { RecordingLogger } from "../support/recording-logger.ts";
import { isSettled, nextTurn, within } from "../support/wait.ts";
import { DONE, failed, ScriptedSpoolThreads } from "./scripted-spool-thread.ts";
import { spooledBlock } from "./spool-values.ts";

const BLOCK = spooledBlock();
const NAME = fileNameOf(BLOCK);
const UNREADABLE = "blocks of the spool cannot be read, trying again";

let clock: ManualClock;
let logger: RecordingLogger;
let threads: ScriptedSpoolThreads;
let spool: FolderSpool;
let left: LeftBlock[];
let started: Promise<void>;
beforeEach(() => {
  clock = new ManualClock();
  logger = new RecordingLogger();
  threads = new ScriptedSpoolThreads();
  spool = new FolderSpool({ folder: "/data/spool", startThread: threads.start }, { clock, logger });
  left = [];
  started = spool.read((blocks) => left.push(...blocks));
});

async function pass(ms: number): Promise<void> {
  clock.advance(ms);
  await nextTurn();
}

function reading(fields: Partial<SpoolReading> = {}): SpoolResult {
  return {
    ok: true,
    reading: { blocks: [], damaged: [], unread: [], foreign: [], unremoved: [], left: 0, ...fields },
  };
}

function unread(...blocks: readonly SpooledBlock[]): SpoolReading["unread"] {
  return blocks.map((block) => ({ name: fileNameOf(block), systemCode: "EMFILE", reason: "too many open files" }));
}

function tasks(): SpoolTask[] {
  return threads.newest.orders.map(({ task }) => task);
}

function taken(): SpooledBlock[] {
  return left.map(({ block }) => block);
}

describe("what an earlier process left", () => {
  it("is given with what finishes it, and counts", async () => {
    await threads.answer(reading({ blocks: [BLOCK] }));
    await within(started, "the reading");
    expect(taken()).toEqual([BLOCK]);
    const [{ kept } = { kept: undefined }] = left;
    expect(await isSettled(kept?.durable ?? Promise.reject(new Error("nothing was read")))).toBe(true);
    void kept?.remove();
    await nextTurn();
    expect(threads.asked).toEqual([`remove ${NAME}`]);
    expect([clock.pending, logger.lines]).toEqual([0, []]);
  });

  it("and is damaged, or of another version, or too much, is said by name, and what could not be removed", async () => {
    await threads.answer(
      reading({
        damaged: [
          { name: NAME, reason: "its first line is cut", isAside: true },
          { name: "5-0.block", reason: "the block has another hash", isAside: false },
        ],
        foreign: [{ name: "6-0.block", version: 2 }],
        unremoved: [{ name: "7-0.block.tmp", systemCode: "EROFS", reason: "read-only file system" }],
        left: 3,
      }),
    );
    await within(started, "the reading");
    expect(left).toEqual([]);
    const folder = "/data/spool";
    expect(logger.lines).toEqual([
      {
        level: "error",
        message: "a block of the spool is damaged and is set aside",
        context: { code: "spool-damaged", folder, file: `${NAME}.damaged`, reason: "its first line is cut" },
      },
      {
        level: "error",
        message: "a block of the spool is damaged and is set aside",
        context: { code: "spool-damaged", folder, file: "5-0.block", reason: "the block has another hash" },
      },
      {
        level: "error",
        message: "a block of the spool is left to the version that wrote it",
        context: { code: "spool-version", folder, file: "6-0.block", version: 2 },
      },
      {
        level: "warn",
        message: "an unfinished file of the spool cannot be removed",
        context: {
          folder,
          file: "7-0.block.tmp",
          systemCode: "EROFS",
          reason: "read-only file system",
          whatToDo: "mount the disk of data_dir so that it can be written",
        },
      },
      {
        level: "error",
        message: "the spool has too many blocks: the oldest wait for the next start",
        context: { left: 3 },
      },
    ]);
    expect(clock.pending).toBe(0);
  });
});

describe("a folder that cannot be read", () => {
  it("is said, holds up no start, and is read again with waits that double up to a minute until it can be", async () => {
    const waits = [250, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000];
    for (const waitMs of waits) {
      await threads.answer(failed("EACCES"));
      await within(started, "the first reading");
      await pass(waitMs - 1);
      expect(tasks()).toEqual([]);
      await pass(1);
      expect(tasks()).toEqual([{ kind: "read" }]);
    }
    expect(logger.lines[0]).toEqual({
      level: "error",
      message: UNREADABLE,
      context: {
        code: "spool-unreadable",
        folder: "/data/spool",
        systemCode: "EACCES",
        reason: "EACCES: it cannot be done",
        whatToDo: "give data_dir and all in it to the user that the pool runs as",
        waitMs: 250,
      },
    });
    expect(logger.of(UNREADABLE).map(({ waitMs }) => waitMs)).toEqual(waits);
    await threads.answer(reading({ blocks: [BLOCK] }));
    expect(taken()).toEqual([BLOCK]);
    expect(logger.of("all blocks of the spool are read")).toEqual([{ folder: "/data/spool" }]);
    expect(clock.pending).toBe(0);
  });

  it("and has a block of this process when it can be, gives the others alone", async () => {
    await threads.answer(failed("EIO"));
    spool.keep(BLOCK);
    await threads.answer(DONE);
    await pass(250);
    await threads.answer(reading({ blocks: [BLOCK, spooledBlock(2)] }));
    expect(taken()).toEqual([spooledBlock(2)]);
  });

  it("and has a finished block of this process that could not be removed, does not give it", async () => {
    await threads.answer(failed("EIO"));
    const kept = spool.keep(BLOCK);
    await threads.answer(DONE);
    const removed = kept.remove();
    await nextTurn();
    await threads.answer(failed("EROFS"));
    await within(removed, "the end");
    await pass(250);
    await threads.answer(reading({ blocks: [BLOCK] }));
    expect(left).toEqual([]);
  });
});

describe("files that cannot be read", () => {
  it("are said, and read again by their names until each can be: what could be read does not wait for them", async () => {
    const [second, third] = [spooledBlock(2), spooledBlock(3)];
    await threads.answer(reading({ blocks: [BLOCK], unread: unread(third, second) }));
    await within(started, "the first reading");
    expect(taken()).toEqual([BLOCK]);
    const context = {
      code: "spool-unreadable",
      folder: "/data/spool",
      file: fileNameOf(third),
      files: 2,
      systemCode: "EMFILE",
      reason: "too many open files",
      whatToDo: "let the pool open more files (ulimit -n)",
    };
    expect(logger.of(UNREADABLE)).toEqual([{ ...context, waitMs: 250 }]);
    await pass(250);
    expect(tasks()).toEqual([{ kind: "read", names: [fileNameOf(third), fileNameOf(second)] }]);
    await threads.answer(reading({ blocks: [third], unread: unread(second) }));
    expect(taken()).toEqual([BLOCK, third]);
    expect(logger.of(UNREADABLE)[1]).toEqual({ ...context, file: fileNameOf(second), files: 1, waitMs: 500 });
    await pass(500);
    await threads.answer(failed("EIO"));
    await pass(1_000);
    expect(tasks()).toEqual([{ kind: "read", names: [fileNameOf(second)] }]);
    await threads.answer(reading({ blocks: [second] }));
    expect(taken()).toEqual([BLOCK, third, second]);
    expect(logger.of("all blocks of the spool are read")).toHaveLength(1);
    expect(clock.pending).toBe(0);
  });

  it("are read no more once the spool closes, during a wait or a reading", async () => {
    await threads.answer(reading({ unread: unread(BLOCK) }));
    await pass(250);
    const closed = spool.close();
    await threads.answer(reading({ blocks: [BLOCK] }));
    await within(closed, "the end");
    expect([left, logger.of("all blocks of the spool are read"), clock.pending]).toEqual([[], [], 0]);
  });

  it("and that fail again once the spool closes are not said any more", async () => {
    await threads.answer(reading({ unread: unread(BLOCK) }));
    await pass(250);
    const closed = spool.close();
    await threads.answer(failed("EIO"));
    await within(closed, "the end");
    expect(logger.of(UNREADABLE)).toHaveLength(1);
  });

  it("are not waited for by a spool that closes", async () => {
    await threads.answer(reading({ unread: unread(BLOCK) }));
    expect(clock.pending).toBe(1);
    await within(spool.close(), "the end");
    await nextTurn();
    expect([clock.pending, tasks()]).toEqual([0, []]);
  });
});
