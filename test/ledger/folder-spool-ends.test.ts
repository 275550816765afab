import { beforeEach, describe, expect, it } from "vitest";
import { isSettled, nextTurn, within } from "../support/wait.ts";
import { DONE, failed } from "./scripted-spool-thread.ts";
import { BLOCK, NAME, SpoolBench, TRYING_AGAIN } from "./spool-bench.ts";
import { spooledBlock } from "./spool-values.ts";

let bench: SpoolBench;
beforeEach(() => {
  bench = new SpoolBench();
});

describe("a thread that ends", () => {
  it("is started again, and the next one does what was not done, in order", async () => {
    const { durable } = bench.spool.keep(BLOCK);
    bench.spool.keep(spooledBlock(2));
    await bench.threads.answer(DONE);
    bench.spool.keep(spooledBlock(3));
    await bench.threads.end();
    expect(bench.threads.threads).toHaveLength(2);
    expect(bench.threads.newest.orders.map(({ task }) => (task.kind === "write" ? task.block.height : 0))).toEqual([
      900_002, 900_003,
    ]);
    expect(bench.threads.newest.keepsAlive).toBe(true);
    expect(bench.logger.of("the spool's thread ended")).toEqual([{ reason: "it was killed", tasks: 2 }]);
    await durable;
  });

  it("and had nothing to do is there again before the next block", async () => {
    bench.spool.keep(BLOCK);
    await bench.threads.answer(DONE);
    await bench.threads.end();
    expect(bench.threads.threads).toHaveLength(2);
    // One that never answered anything is not started over and over.
    await bench.threads.end();
    expect(bench.threads.threads).toHaveLength(2);
    bench.spool.keep(spooledBlock(2));
    expect(bench.threads.threads).toHaveLength(3);
    expect(bench.threads.asked).toEqual(["write"]);
  });

  it("twice over one block is a write that failed: it waits for its turn", async () => {
    bench.spool.keep(BLOCK);
    await bench.threads.end();
    await bench.threads.end("out of memory");
    expect(bench.threads.threads).toHaveLength(2);
    expect(bench.logger.of(TRYING_AGAIN)).toMatchObject([{ systemCode: "", reason: "out of memory", waitMs: 250 }]);
    await bench.pass(250);
    expect(bench.threads.threads).toHaveLength(3);
    expect(bench.threads.asked).toEqual(["write"]);
  });

  it("and one that cannot be had, is tried again like a write that failed", async () => {
    bench.threads.refuses = true;
    const { durable } = bench.spool.keep(BLOCK);
    await nextTurn();
    expect(bench.logger.of(TRYING_AGAIN)).toMatchObject([{ systemCode: "", reason: "Error: no room for a thread" }]);
    bench.threads.refuses = false;
    await bench.pass(250);
    await bench.threads.answer(DONE);
    expect(await isSettled(durable)).toBe(true);
  });
});

describe("close()", () => {
  it("waits for what is being written, tries the rest a last time, and ends the thread", async () => {
    bench.spool.keep(BLOCK);
    await bench.threads.answer(failed("ENOSPC"));
    bench.spool.keep(spooledBlock(2));
    const closed = bench.spool.close();
    expect(bench.clock.pending).toBe(0);
    await nextTurn();
    expect(bench.threads.asked).toEqual(["write", "write"]);
    await bench.threads.answer(DONE);
    expect(bench.threads.newest.terminated).toBe(false);
    await bench.threads.answer(failed("ENOSPC"));
    expect(bench.logger.of("block not written to the spool")).toMatchObject([{ file: NAME, systemCode: "ENOSPC" }]);
    await within(closed, "the end");
    expect(bench.threads.newest.terminated).toBe(true);
    await bench.threads.end();
    expect(bench.threads.threads).toHaveLength(1);
    expect(bench.logger.of("the spool's thread ended")).toEqual([]);
  });

  it("gives a write that was under way, and fails, one more try", async () => {
    bench.spool.keep(BLOCK);
    const closed = bench.spool.close();
    await bench.threads.answer(failed("ENOSPC"));
    expect(bench.threads.asked).toEqual(["write"]);
    await bench.threads.answer(DONE);
    await within(closed, "the end");
  });

  it("is at once where nothing was ever kept", async () => {
    await within(bench.spool.close(), "the end");
    expect(bench.threads.threads).toEqual([]);
  });
});
