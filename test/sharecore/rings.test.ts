import { describe, expect, it } from "vitest";
import { bytesEqual } from "../../src/core/bytes.ts";
import { CommandReader, CommandWriter } from "../../src/sharecore/command-ring.ts";
import { encodeJob } from "../../src/sharecore/job-record.ts";
import { SHARE_BYTES, VERDICT_BYTES } from "../../src/sharecore/record-layout.ts";
import * as layout from "../../src/sharecore/ring-layout.ts";
import { VerdictReader, VerdictWriter } from "../../src/sharecore/verdict-ring.ts";
import { bytesOf, sampleExtendedJob } from "./share-samples.ts";

const CELLS = layout.MIN_RING_CELLS;

/** Positions at which the rings start: the beginning, and shortly before a signed and an unsigned 32-bit count wrap. */
const STARTS = [0, 0x7fff_fffd, -3, 2_000_000_005];

/** Share records as `RecordBatch` packs them; the reserved field is zero. */
function shareRecords(count: number): Uint8Array {
  const records = bytesOf(count, count * SHARE_BYTES);
  for (let index = 0; index < count; index += 1) records.fill(0, index * SHARE_BYTES + 28, index * SHARE_BYTES + 32);
  return records;
}

function ringAt(position: number): layout.SharedRing {
  const ring = layout.createRing(CELLS);
  for (const word of [layout.COMMAND_HEAD, layout.COMMAND_TAIL, layout.VERDICT_TAIL]) ring.control[word] = position;
  return ring;
}

describe("the command ring", () => {
  it.each(STARTS)("carries commands in order around its end, from position %i", (position) => {
    const ring = ringAt(position);
    const writer = new CommandWriter(ring);
    const reader = new CommandReader(layout.openRing(ring.memory));
    const record = encodeJob(sampleExtendedJob(1));
    const shares = shareRecords(700);
    const copy = new Uint8Array(shares.length);
    const jobCells = layout.cellsOfJob(record.length);
    for (let round = 0; round < 9; round += 1) {
      expect(writer.room()).toBe(CELLS);
      writer.writeJob({ slot: 7, generation: 0xffff_fff0 + round }, record);
      writer.writeShares(shares);
      writer.writeClear({ slot: 9, generation: round });
      writer.writeFlush();
      writer.publish();
      expect(writer.room()).toBe(CELLS - jobCells - 702);

      expect(reader.wait()).toBe(jobCells + 702);
      expect([reader.kind(), reader.slot(), reader.generation()]).toEqual([layout.CELL_JOB, 7, 0xffff_fff0 + round]);
      const job = new Uint8Array(reader.jobBytes());
      reader.copyJob(job);
      expect(bytesEqual(job, record)).toBe(true);
      reader.advance(jobCells);
      for (let taken = 0; taken < 700; ) {
        expect(reader.kind()).toBe(layout.CELL_SHARE);
        const run = reader.shareRun(300);
        expect(run).toBeGreaterThan(0);
        expect(run).toBeLessThanOrEqual(300);
        reader.copyShares(copy, taken, run);
        reader.advance(run);
        taken += run;
      }
      expect(bytesEqual(copy, shares)).toBe(true);
      expect([reader.kind(), reader.slot(), reader.generation()]).toEqual([layout.CELL_CLEAR, 9, round]);
      reader.advance(1);
      expect(reader.kind()).toBe(layout.CELL_FLUSH);
      reader.advance(1);
    }
  });

  it("shows nothing before it is published, and has no room left when it is full", () => {
    const ring = ringAt(-100);
    const writer = new CommandWriter(ring);
    const reader = new CommandReader(ring);
    writer.writeShares(shareRecords(CELLS - 1));
    expect(ring.control[layout.COMMAND_TAIL]).toBe(-100);
    expect(writer.room()).toBe(1);
    writer.writeFlush();
    writer.publish();
    expect(writer.room()).toBe(0);
    expect(reader.wait()).toBe(CELLS);
    reader.advance(CELLS);
    expect(writer.room()).toBe(CELLS);
  });

  it("has room for the largest job with a share and a flush", () => {
    const record = encodeJob(sampleExtendedJob(1, { prefix: 65_535, suffix: 65_535, levels: 32 }));
    expect(layout.cellsOfJob(record.length) + 2).toBeLessThanOrEqual(CELLS);
    expect(layout.cellsOfJob(layout.CELL_BYTES)).toBe(2);
    expect(layout.cellsOfJob(layout.CELL_BYTES + 1)).toBe(3);
  });
});

describe("the verdict ring", () => {
  it.each(STARTS)("carries verdicts in order around its end, from position %i", (position) => {
    const ring = ringAt(position);
    const reader = new VerdictReader(ring);
    const writer = new VerdictWriter(layout.openRing(ring.memory));
    const verdicts = bytesOf(1, 700 * VERDICT_BYTES);
    const copy = new Uint8Array(800 * VERDICT_BYTES);
    for (let round = 0; round < 7; round += 1) {
      expect(reader.available()).toBe(0);
      writer.write(verdicts);
      expect(reader.available()).toBe(700);
      reader.take(copy, 100, 450);
      reader.take(copy, 550, 250);
      expect(bytesEqual(copy.subarray(100 * VERDICT_BYTES), verdicts)).toBe(true);
    }
  });

  it("rings once until the main thread has come to look", () => {
    const ring = ringAt(0);
    const reader = new VerdictReader(ring);
    const writer = new VerdictWriter(ring);
    expect([writer.ring(), writer.ring()]).toEqual([true, false]);
    reader.silenceBell();
    expect([writer.ring(), writer.ring()]).toEqual([true, false]);
  });
});
