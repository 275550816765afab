import { beforeEach, describe, expect, it } from "vitest";
import type { LeftBlock, SpooledBlock } from "../../src/ledger/spool.ts";
import { fileNameOf } from "../../src/ledger/spool-file.ts";
import type { SpoolReading } from "../../src/ledger/spool-folder.ts";
import type { SpoolResult, SpoolTask } from "../../src/ledger/spool-orders.ts";
import { isSettled, nextTurn, within } from "../support/wait.ts";
import { DONE, failed } from "./scripted-spool-thread.ts";
import { BLOCK, NAME, SpoolBench } from "./spool-bench.ts";
import { spooledBlock } from "./spool-values.ts";

const UNREADABLE = "blocks of the spool cannot be read, trying again";

let bench: SpoolBench;
let left: LeftBlock[];
let started: Promise<void>;
beforeEach(() => {
  bench = new SpoolBench();
  left = [];
  started = bench.spool.read((blocks) => left.push(...blocks));
});

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
  return bench.threads.newest.orders.map(({ task }) => task);
}

function taken(): SpooledBlock[] {
  return left.map(({ block }) => block);
}

describe("what an earlier process left", () => {
  it("is given with what finishes it, and counts", async () => {
    await bench.threads.answer(reading({ blocks: [BLOCK] }));
    await within(started, "the reading");
    expect(taken()).toEqual([BLOCK]);
    const [{ kept } = { kept: undefined }] = left;
    expect(await isSettled(kept?.durable ?? Promise.reject(new Error("nothing was read")))).toBe(true);
    void kept?.remove();
    await nextTurn();
    expect(bench.threads.asked).toEqual([`remove ${NAME}`]);
    expect([bench.clock.pending, bench.logger.lines]).toEqual([0, []]);
  });

  it("and is damaged, or of another version, or too much, is said by name, and what could not be removed", async () => {
    await bench.threads.answer(
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
    expect(bench.logger.lines).toEqual([
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
    expect(bench.clock.pending).toBe(0);
  });
});

describe("a folder that cannot be read", () => {
  it("is said, holds up no start, and is read again with waits that double up to a minute until it can be", async () => {
    const waits = [250, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000];
    for (const waitMs of waits) {
      await bench.threads.answer(failed("EACCES"));
      await within(started, "the first reading");
      await bench.pass(waitMs - 1);
      expect(tasks()).toEqual([]);
      await bench.pass(1);
      expect(tasks()).toEqual([{ kind: "read" }]);
    }
    expect(bench.logger.lines[0]).toEqual({
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
    expect(bench.logger.of(UNREADABLE).map(({ waitMs }) => waitMs)).toEqual(waits);
    await bench.threads.answer(reading({ blocks: [BLOCK] }));
    expect(taken()).toEqual([BLOCK]);
    expect(bench.logger.of("all blocks of the spool are read")).toEqual([{ folder: "/data/spool" }]);
    expect(bench.clock.pending).toBe(0);
  });

  it("and has a block of this process when it can be, gives the others alone", async () => {
    await bench.threads.answer(failed("EIO"));
    bench.spool.keep(BLOCK);
    await bench.threads.answer(DONE);
    await bench.pass(250);
    await bench.threads.answer(reading({ blocks: [BLOCK, spooledBlock(2)] }));
    expect(taken()).toEqual([spooledBlock(2)]);
  });

  it("and has a finished block of this process that could not be removed, does not give it", async () => {
    await bench.threads.answer(failed("EIO"));
    const kept = bench.spool.keep(BLOCK);
    await bench.threads.answer(DONE);
    const removed = kept.remove();
    await nextTurn();
    await bench.threads.answer(failed("EROFS"));
    await within(removed, "the end");
    await bench.pass(250);
    await bench.threads.answer(reading({ blocks: [BLOCK] }));
    expect(left).toEqual([]);
  });
});

describe("files that cannot be read", () => {
  it("are said, and read again by their names until each can be: what could be read does not wait for them", async () => {
    const [second, third] = [spooledBlock(2), spooledBlock(3)];
    await bench.threads.answer(reading({ blocks: [BLOCK], unread: unread(third, second) }));
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
    expect(bench.logger.of(UNREADABLE)).toEqual([{ ...context, waitMs: 250 }]);
    await bench.pass(250);
    expect(tasks()).toEqual([{ kind: "read", names: [fileNameOf(third), fileNameOf(second)] }]);
    await bench.threads.answer(reading({ blocks: [third], unread: unread(second) }));
    expect(taken()).toEqual([BLOCK, third]);
    expect(bench.logger.of(UNREADABLE)[1]).toEqual({ ...context, file: fileNameOf(second), files: 1, waitMs: 500 });
    await bench.pass(500);
    await bench.threads.answer(failed("EIO"));
    await bench.pass(1_000);
    expect(tasks()).toEqual([{ kind: "read", names: [fileNameOf(second)] }]);
    await bench.threads.answer(reading({ blocks: [second] }));
    expect(taken()).toEqual([BLOCK, third, second]);
    expect(bench.logger.of("all blocks of the spool are read")).toHaveLength(1);
    expect(bench.clock.pending).toBe(0);
  });

  it("are read no more once the spool closes, during a wait or a reading", async () => {
    await bench.threads.answer(reading({ unread: unread(BLOCK) }));
    await bench.pass(250);
    const closed = bench.spool.close();
    await bench.threads.answer(reading({ blocks: [BLOCK] }));
    await within(closed, "the end");
    expect([left, bench.logger.of("all blocks of the spool are read"), bench.clock.pending]).toEqual([[], [], 0]);
  });

  it("and that fail again once the spool closes are not said any more", async () => {
    await bench.threads.answer(reading({ unread: unread(BLOCK) }));
    await bench.pass(250);
    const closed = bench.spool.close();
    await bench.threads.answer(failed("EIO"));
    await within(closed, "the end");
    expect(bench.logger.of(UNREADABLE)).toHaveLength(1);
  });

  it("are not waited for by a spool that closes", async () => {
    await bench.threads.answer(reading({ unread: unread(BLOCK) }));
    expect(bench.clock.pending).toBe(1);
    await within(bench.spool.close(), "the end");
    await nextTurn();
    expect([bench.clock.pending, tasks()]).toEqual([0, []]);
  });
});
