import { describe, expect, it } from "vitest";
import { CommandWriter } from "../../src/sharecore/command-ring.ts";
import { encodeJob } from "../../src/sharecore/job-record.ts";
import { RecordBatch } from "../../src/sharecore/record-batch.ts";
import { SHARE_BYTES } from "../../src/sharecore/record-layout.ts";
import { createRing, MIN_RING_CELLS } from "../../src/sharecore/ring-layout.ts";
import { VerdictReader } from "../../src/sharecore/verdict-ring.ts";
import { CHUNK_SHARES, WasmCore } from "../../src/sharecore/wasm-core.ts";
import { loadModule } from "../../src/sharecore/wasm-module.ts";
import { WorkerLoop } from "../../src/sharecore/worker-loop.ts";
import { CORE_BUILD } from "./core-build.ts";
import {
  copyVerdicts,
  expectedVerdicts,
  sampleExtendedJob,
  sampleShare,
  sampleStandardJob,
  UNKNOWN,
  type Verdict,
} from "./share-samples.ts";

/** A loop in the test's own thread; it may only be served while commands wait, since it would sleep otherwise. */
function openLoop() {
  const ring = createRing(MIN_RING_CELLS);
  const commands = new CommandWriter(ring);
  const verdicts = new VerdictReader(ring);
  let calls = 0;
  const core = new WasmCore(loadModule(CORE_BUILD.moduleBytes), { jobSlots: 4, scalar: false });
  const loop = new WorkerLoop(core, ring, () => {
    calls += 1;
  });
  const serve = (): Verdict[] => {
    commands.publish();
    loop.serve();
    const count = verdicts.available();
    const batch = new RecordBatch(Math.max(1, count));
    verdicts.take(batch.verdicts.bytes, 0, count);
    batch.verdicts.count = count;
    return copyVerdicts(batch.verdicts);
  };
  return { commands, verdicts, serve, calls: () => calls };
}

const handle = { slot: 1, generation: 7 };
const job = sampleStandardJob(1);
const record = encodeJob(job);

function sharesOf(target: { slot: number; generation: number }, count: number, extranonceBytes = 0) {
  const shares = Array.from({ length: count }, (_, seed) => sampleShare(target, seed, extranonceBytes));
  const batch = new RecordBatch(count);
  for (const share of shares) batch.push(share);
  return { shares, records: batch.records.subarray(0, count * SHARE_BYTES) };
}

describe("a worker's loop", () => {
  it("judges what it has gathered at a flush, and calls", () => {
    const { commands, serve, calls } = openLoop();
    const { shares, records } = sharesOf(handle, 5);
    commands.writeJob(handle, record);
    commands.writeShares(records);
    expect([serve(), calls()]).toEqual([[], 0]);
    commands.writeFlush();
    expect(serve()).toEqual(expectedVerdicts(shares, new Map([[handle, job]])));
    expect(calls()).toBe(1);
  });

  it("judges a full chunk without being told, and calls for all of it once", () => {
    const { commands, serve, calls } = openLoop();
    const { shares, records } = sharesOf(handle, CHUNK_SHARES + 1);
    commands.writeJob(handle, record);
    commands.writeShares(records);
    const first = serve();
    expect(first).toHaveLength(CHUNK_SHARES);
    expect(calls()).toBe(0);
    commands.writeFlush();
    commands.writeFlush();
    expect([...first, ...serve()]).toEqual(expectedVerdicts(shares, new Map([[handle, job]])));
    expect(calls()).toBe(1);
  });

  it("calls at a flush without shares, for room in the ring", () => {
    const { commands, verdicts, serve, calls } = openLoop();
    commands.writeFlush();
    expect(serve()).toEqual([]);
    commands.writeFlush();
    serve();
    expect(calls()).toBe(1);
    verdicts.silenceBell();
    commands.writeFlush();
    serve();
    expect(calls()).toBe(2);
    expect(commands.room()).toBe(MIN_RING_CELLS);
  });

  it("sets jobs while shares are gathered, and forgets released ones", () => {
    const { commands, serve } = openLoop();
    const other = { slot: 2, generation: 1 };
    const otherJob = sampleExtendedJob(2);
    const [first, second] = [sharesOf(handle, 2), sharesOf(other, 2, 8)];
    commands.writeJob(handle, record);
    commands.writeShares(first.records);
    commands.writeJob(other, encodeJob(otherJob));
    commands.writeShares(second.records);
    commands.writeFlush();
    const jobs = new Map([
      [handle, job],
      [other, otherJob],
    ]);
    expect(serve()).toEqual(expectedVerdicts([...first.shares, ...second.shares], jobs));
    commands.writeClear(handle);
    commands.writeClear({ ...other, generation: 2 });
    commands.writeShares(first.records);
    commands.writeShares(second.records);
    commands.writeFlush();
    expect(serve()).toEqual([UNKNOWN, UNKNOWN, ...expectedVerdicts(second.shares, jobs)]);
  });
});
