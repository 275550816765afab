/** The worker pool with real threads (from dist/), and as the only thing that keeps a program alive. */

import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, describe, expect, it } from "vitest";
import type { LogContext, Logger } from "../../src/core/logger.ts";
import { createValidator } from "../../src/sharecore/index.ts";
import { WorkerPool } from "../../src/sharecore/worker-pool.ts";
import { type StartThread, startWorkerThread, type WorkerThread } from "../../src/sharecore/worker-thread.ts";
import { CORE_BUILD } from "./core-build.ts";
import { expectedVerdicts, sampleExtendedJob, sampleShare, validateAll } from "./share-samples.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

describe("worker threads", () => {
  const opened: WorkerPool[] = [];
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((pool) => pool.close()));
  });

  /** @param slotsOf the job slots that the nth thread is started with. */
  const openPool = (slotsOf: (nth: number, jobSlots: number) => number = (_, jobSlots) => jobSlots) => {
    const logged: (LogContext | undefined)[] = [];
    const warn: Logger["warn"] = (_, context) => logged.push(context);
    const logger: Logger = { debug() {}, info() {}, warn, error() {}, child: () => logger };
    const alive: WorkerThread[] = [];
    let started = 0;
    const startThread: StartThread = (start, events) => {
      const onEnd = (reason: string): void => {
        alive.splice(alive.indexOf(thread), 1);
        events.onEnd(reason);
      };
      const jobSlots = slotsOf(started, start.jobSlots);
      const thread = startWorkerThread({ ...start, jobSlots }, { ...events, onEnd });
      started += 1;
      alive.push(thread);
      return thread;
    };
    const options = { workers: 2, inlineCompressions: 0, ...CORE_BUILD };
    const pool = new WorkerPool(options, { logger, startThread });
    opened.push(pool);
    return { pool, alive, logged };
  };

  it("are replaced while they work, and every verdict comes once and in order", async () => {
    const { pool, alive, logged } = openPool();
    const job = sampleExtendedJob(1);
    const handle = pool.addJob(job);
    const shares = Array.from({ length: 1500 }, (_, seed) => sampleShare(handle, seed, 8));
    const expected = expectedVerdicts(shares, new Map([[handle, job]]));
    const delivered: number[] = [];
    for (const round of [0, 1, 2, 3]) {
      const verdicts = [0, 1].map((part) =>
        validateAll(pool, shares).then((result) => {
          delivered.push(2 * round + part);
          return result;
        }),
      );
      await alive[round % 2]?.terminate();
      for (const result of await Promise.all(verdicts)) expect(result).toEqual(expected);
    }
    expect(delivered).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(logged).toHaveLength(4);
    expect(alive).toHaveLength(2);
  });

  it("end with the reason in the log, and are replaced before anyone has work for them", async () => {
    const { pool, logged } = openPool((nth, jobSlots) => (nth === 0 ? 262_145 : jobSlots));
    const job = sampleExtendedJob(1);
    const handle = pool.addJob(job);
    const shares = Array.from({ length: 100 }, (_, seed) => sampleShare(handle, seed, 8));
    expect(await validateAll(pool, shares)).toEqual(expectedVerdicts(shares, new Map([[handle, job]])));
    expect(logged).toEqual([{ reason: "SharecoreError: the WebAssembly core refused a call", failures: 1 }]);
  });
});

describe("a program with a pool", () => {
  /** Runs a module on the built package; resolves with what it printed, rejects where it fails or hangs. */
  const run = async (body: string): Promise<string> => {
    const script = `
      import { readFileSync } from "node:fs";
      import { createValidator } from ${JSON.stringify(new URL("../../dist/sharecore/index.js", import.meta.url).href)};
      const folder = process.env.TEST_SHARECORE_PKG;
      const moduleBytes = folder && readFileSync(folder + "/sharecore_bg.wasm");
      const build = moduleBytes ? { moduleBytes } : {};
      const validator = createValidator({ backend: "workers", workers: 2, inlineCompressions: 0, ...build });
      const bytes = (length) => new Uint8Array(length).fill(255);
      const job = validator.addJob({ kind: "standard", prevHash: bytes(32), merkleRoot: bytes(32), version: 1, bits: 1,
        networkTarget: bytes(32) });
      const batch = validator.createBatch(100);
      for (let nonce = 0; nonce < 100; nonce += 1)
        batch.push({ job, version: 1, ntime: 1, nonce, target: bytes(32), extranonce: bytes(0) });
      ${body}`;
    const argv = ["--input-type=module", "--eval", script];
    const { stdout, stderr } = await promisify(execFile)(process.execPath, argv, { cwd: root, timeout: 10_000 });
    return stdout + stderr;
  };

  it("ends when the pool is idle", async () => {
    expect(await run("console.log('done');")).toBe("done\n");
  });

  it("gets its verdicts first where work is under way", async () => {
    const body = "validator.submit(batch, (verdicts) => console.log(verdicts.count, verdicts.flags(99)));";
    expect(await run(body)).toBe("100 3\n");
  });

  it("can wait for the pool's end", async () => {
    const body =
      "validator.submit(batch, () => console.log('verdicts')); await validator.close(); console.log('closed');";
    expect(await run(body)).toBe("verdicts\nclosed\n");
  });

  it("hears of an exception in its callback like of any other", async () => {
    const body = `
      process.on("uncaughtException", ({ message }) => console.log(message));
      const next = validator.createBatch(1);
      validator.submit(batch, () => { throw new Error("from the callback"); });
      validator.submit(next, () => console.log("next"));`;
    expect(await run(body)).toBe("from the callback\nnext\n");
  });
});

describe("the default number of workers", () => {
  it("is at least one", async () => {
    const validator = createValidator({ backend: "workers", ...CORE_BUILD });
    expect(validator.backend).toBe("workers");
    await validator.close();
  });
});
