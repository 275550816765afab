import { beforeEach, describe, expect, it } from "vitest";
import { fileNameOf } from "../../src/ledger/spool-file.ts";
import { isSettled, nextTurn, within } from "../support/wait.ts";
import { DONE, failed } from "./scripted-spool-thread.ts";
import { BLOCK, NAME, SpoolBench, TRYING_AGAIN } from "./spool-bench.ts";
import { spooledBlock } from "./spool-values.ts";

let bench: SpoolBench;
beforeEach(() => {
  bench = new SpoolBench();
});

describe("a block that is kept", () => {
  it("is with the thread when the call returns, and durable when that has answered", async () => {
    const { durable } = bench.spool.keep(BLOCK);
    expect(bench.threads.newest.folder).toBe("/data/spool");
    expect(bench.threads.newest.orders.map(({ task }) => task)).toEqual([{ kind: "write", block: BLOCK }]);
    expect(await isSettled(durable)).toBe(false);
    await bench.threads.answer(DONE);
    expect(await isSettled(durable)).toBe(true);
    expect(bench.logger.lines).toEqual([]);
  });

  it("is sent without what else lies in its buffers, which others write to", () => {
    const shared = new Uint8Array(new SharedArrayBuffer(64));
    const large = new Uint8Array(10_000);
    bench.spool.keep({ ...BLOCK, hash: shared.subarray(32), block: large.subarray(100, 300) });
    const { task } = bench.threads.newest.orders[0] ?? {};
    if (task?.kind !== "write") throw new Error("it is not written");
    expect([task.block.hash.buffer.byteLength, task.block.block.buffer.byteLength]).toEqual([32, 200]);
    shared.fill(1);
    expect(task.block.hash.every((byte) => byte === 0)).toBe(true);
  });

  it("keeps the program alive until it is written, and no longer", async () => {
    bench.spool.keep(BLOCK);
    bench.spool.keep(spooledBlock(2));
    await bench.threads.answer(DONE);
    expect(bench.threads.newest.keepsAlive).toBe(true);
    await bench.threads.answer(DONE);
    expect(bench.threads.newest.keepsAlive).toBe(false);
  });

  it("is removed, or set aside, once it is written, and not before", async () => {
    const removed = bench.spool.keep(BLOCK).remove();
    const aside = bench.spool.keep(spooledBlock(2)).setAside();
    await nextTurn();
    expect(bench.threads.asked).toEqual(["write", "write"]);
    await bench.threads.answer(DONE);
    await bench.threads.answer(DONE);
    expect(bench.threads.asked).toEqual([`remove ${NAME}`, `set-aside ${fileNameOf(spooledBlock(2))}`]);
    expect(await isSettled(removed)).toBe(false);
    await bench.threads.answer(DONE);
    await bench.threads.answer(DONE);
    await within(Promise.all([removed, aside]), "both");
  });

  it("that cannot be removed is said", async () => {
    const kept = bench.spool.keep(BLOCK);
    await bench.threads.answer(DONE);
    const removed = kept.remove();
    await nextTurn();
    await bench.threads.answer(failed("EROFS"));
    await within(removed, "the end");
    expect(
      bench.logger.of("a finished block stays in the spool, and is submitted again after a restart"),
    ).toMatchObject([{ height: 900_001, file: NAME, folder: "/data/spool", systemCode: "EROFS" }]);
  });
});

describe("a write that fails", () => {
  it("is said with the system's word and what to do, and tried again with waits that double up to a minute", async () => {
    const { durable } = bench.spool.keep(BLOCK);
    const waits = [250, 500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000];
    for (const waitMs of waits) {
      await bench.threads.answer(failed("ENOSPC"));
      await bench.pass(waitMs - 1);
      expect(bench.threads.asked).toEqual([]);
      await bench.pass(1);
      expect(bench.threads.asked).toEqual(["write"]);
    }
    expect(bench.logger.lines[0]).toEqual({
      level: "error",
      message: TRYING_AGAIN,
      context: {
        height: 900_001,
        file: NAME,
        waitMs: 250,
        folder: "/data/spool",
        systemCode: "ENOSPC",
        reason: "ENOSPC: it cannot be done",
        whatToDo: "make room on the disk of data_dir",
      },
    });
    expect(bench.logger.of(TRYING_AGAIN).map(({ waitMs }) => waitMs)).toEqual(waits);
    expect(await isSettled(durable)).toBe(false);
    await bench.threads.answer(DONE);
    expect(await isSettled(durable)).toBe(true);
    expect(bench.clock.pending).toBe(0);
  });

  it.each([
    ["EROFS", /mount/],
    ["EACCES", /user that the pool runs as/],
    ["EPERM", /user that the pool runs as/],
    ["ENOTDIR", /a folder again/],
    ["ENOENT", /a folder again/],
    ["EDQUOT", /room/],
    ["EMFILE", /ulimit/],
    ["EIO", /system's own log/],
  ])("with %s has a remedy of its own", async (systemCode, remedy) => {
    bench.spool.keep(BLOCK);
    await bench.threads.answer(failed(systemCode));
    expect(bench.logger.of(TRYING_AGAIN)[0]?.whatToDo).toMatch(remedy);
  });

  it("is not tried again once the block is finished, and there is nothing to remove", async () => {
    const waiting = bench.spool.keep(BLOCK);
    await bench.threads.answer(failed("EROFS"));
    const underWay = bench.spool.keep(spooledBlock(2));
    const ends = [waiting.remove(), underWay.setAside()];
    await nextTurn();
    expect(bench.clock.pending).toBe(0);
    await bench.threads.answer(failed("EROFS"));
    await within(Promise.all(ends), "the end");
    expect(bench.threads.asked).toEqual([]);
    expect(bench.logger.of(TRYING_AGAIN)).toHaveLength(1);
  });
});

describe("the spool's limit", () => {
  it("is 1,024 blocks: one more has no file, which is said, and holds up nobody; a finished one makes room", async () => {
    const kept = Array.from({ length: 1_024 }, (_, index) => bench.spool.keep(spooledBlock(index)));
    expect(bench.threads.newest.orders).toHaveLength(1_024);
    expect(bench.logger.lines).toEqual([]);
    const tooMany = bench.spool.keep(spooledBlock(5_000));
    expect(bench.threads.newest.orders).toHaveLength(1_024);
    expect(bench.logger.of("the spool is full: the block is submitted without a file")).toMatchObject([
      { height: 905_000, limit: 1_024 },
    ]);
    await within(Promise.all([tooMany.durable, tooMany.remove(), tooMany.setAside()]), "what has no file");
    await bench.threads.answer(DONE);
    const removed = kept[0]?.remove();
    await nextTurn();
    bench.threads.newest.orders.unshift(...bench.threads.newest.orders.splice(-1));
    await bench.threads.answer(DONE);
    await removed;
    bench.spool.keep(spooledBlock(5_001));
    expect(bench.threads.newest.orders).toHaveLength(1_024);
  });
});
