import { beforeEach, describe, expect, it } from "vitest";
import { FolderSpool } from "../../src/ledger/folder-spool.ts";
import { fileNameOf } from "../../src/ledger/spool-file.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { RecordingLogger } from "../support/recording-logger.ts";
import { isSettled, nextTurn, within } from "../support/wait.ts";
import { DONE, failed, ScriptedSpoolThreads } from "./scripted-spool-thread.ts";
import { spooledBlock } from "./spool-values.ts";

const BLOCK = spooledBlock();
const NAME = fileNameOf(BLOCK);
const TRYING_AGAIN = "block not written to the spool, trying again";

let clock: ManualClock;
let logger: RecordingLogger;
let threads: ScriptedSpoolThreads;
let spool: FolderSpool;
beforeEach(() => {
  clock = new ManualClock();
  logger = new RecordingLogger();
  threads = new ScriptedSpoolThreads();
  spool = new FolderSpool({ folder: "/data/spool", startThread: threads.start }, { clock, logger });
});

async function pass(ms: number): Promise<void> {
  clock.advance(ms);
  await nextTurn();
}

describe("a thread that ends", () => {
  it("is started again, and the next one does what was not done, in order", async () => {
    const { durable } = spool.keep(BLOCK);
    spool.keep(spooledBlock(2));
    await threads.answer(DONE);
    spool.keep(spooledBlock(3));
    await threads.end();
    expect(threads.threads).toHaveLength(2);
    expect(threads.newest.orders.map(({ task }) => (task.kind === "write" ? task.block.height : 0))).toEqual([
      900_002, 900_003,
    ]);
    expect(threads.newest.keepsAlive).toBe(true);
    expect(logger.of("the spool's thread ended")).toEqual([{ reason: "it was killed", tasks: 2 }]);
    await durable;
  });

  it("and had nothing to do is there again before the next block", async () => {
    spool.keep(BLOCK);
    await threads.answer(DONE);
    await threads.end();
    expect(threads.threads).toHaveLength(2);
    // One that never answered anything is not started over and over.
    await threads.end();
    expect(threads.threads).toHaveLength(2);
    spool.keep(spooledBlock(2));
    expect(threads.threads).toHaveLength(3);
    expect(threads.asked).toEqual(["write"]);
  });

  it("twice over one block is a write that failed: it waits for its turn", async () => {
    spool.keep(BLOCK);
    await threads.end();
    await threads.end("out of memory");
    expect(threads.threads).toHaveLength(2);
    expect(logger.of(TRYING_AGAIN)).toMatchObject([{ systemCode: "", reason: "out of memory", waitMs: 250 }]);
    await pass(250);
    expect(threads.threads).toHaveLength(3);
    expect(threads.asked).toEqual(["write"]);
  });

  it("and one that cannot be had, is tried again like a write that failed", async () => {
    threads.refuses = true;
    const { durable } = spool.keep(BLOCK);
    await nextTurn();
    expect(logger.of(TRYING_AGAIN)).toMatchObject([{ systemCode: "", reason: "Error: no room for a thread" }]);
    threads.refuses = false;
    await pass(250);
    await threads.answer(DONE);
    expect(await isSettled(durable)).toBe(true);
  });
});

describe("close()", () => {
  it("waits for what is being written, tries the rest a last time, and ends the thread", async () => {
    spool.keep(BLOCK);
    await threads.answer(failed("ENOSPC"));
    spool.keep(spooledBlock(2));
    const closed = spool.close();
    expect(clock.pending).toBe(0);
    await nextTurn();
    expect(threads.asked).toEqual(["write", "write"]);
    await threads.answer(DONE);
    expect(threads.newest.terminated).toBe(false);
    await threads.answer(failed("ENOSPC"));
    expect(logger.of("block not written to the spool")).toMatchObject([{ file: NAME, systemCode: "ENOSPC" }]);
    await within(closed, "the end");
    expect(threads.newest.terminated).toBe(true);
    await threads.end();
    expect(threads.threads).toHaveLength(1);
    expect(logger.of("the spool's thread ended")).toEqual([]);
  });

  it("gives a write that was under way, and fails, one more try", async () => {
    spool.keep(BLOCK);
    const closed = spool.close();
    await threads.answer(failed("ENOSPC"));
    expect(threads.asked).toEqual(["write"]);
    await threads.answer(DONE);
    await within(closed, "the end");
  });

  it("is at once where nothing was ever kept", async () => {
    await within(spool.close(), "the end");
    expect(threads.threads).toEqual([]);
  });
});
