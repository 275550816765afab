import { describe, expect, it } from "vitest";
import { parseHeader } from "../../src/bitcoin/header.ts";
import { hashOfUnit, MAX_FUTURE_JOBS, Work, type WorkUnit } from "../../src/client/work.ts";
import { concatBytes, fromHex, reversed, toHex } from "../../src/core/bytes.ts";
import { merkleRootFromPath, sha256d } from "../../src/sharecore/index.ts";
import type { NewExtendedMiningJob, NewMiningJob } from "../../src/wire/job-messages.ts";

const PREV_HASH = new Uint8Array(32).fill(7);
const BITS = 0x1d00ffff;
const EASY = new Uint8Array(32).fill(0xff);
const HARD = new Uint8Array(32).fill(0x01);

function standardJob(fields: Partial<NewMiningJob> = {}) {
  const message = { channel_id: 1, job_id: 1, min_ntime: undefined, version: 0x20000000, ...fields };
  return { kind: "standard" as const, message: { merkle_root: new Uint8Array(32).fill(3), ...message } };
}

function extendedJob(fields: Partial<NewExtendedMiningJob> = {}) {
  return {
    kind: "extended" as const,
    message: {
      channel_id: 1,
      job_id: 1,
      min_ntime: undefined,
      version: 0x20000000,
      version_rolling_allowed: true,
      merkle_path: [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)],
      coinbase_tx_prefix: fromHex("aabb"),
      coinbase_tx_suffix: fromHex("ccdd"),
      ...fields,
    },
  };
}

function prevHash(jobId: number, minNtime = 1000) {
  return { channel_id: 1, job_id: jobId, prev_hash: PREV_HASH, min_ntime: minNtime, nbits: BITS };
}

function work(options: { fixedVersion?: boolean; rollableBytes?: number } = {}): Work {
  return new Work({
    target: EASY,
    extranoncePrefix: fromHex("0102"),
    rollableBytes: options.rollableBytes ?? 0,
    fixedVersion: options.fixedVersion ?? false,
  });
}

function nextUnit(of: Work): WorkUnit {
  const unit = of.nextUnit();
  if (unit === undefined) throw new Error("there is no unit");
  return unit;
}

describe("The jobs of a channel", () => {
  it("are mined only once a SetNewPrevHash names a future one", () => {
    const jobs = work();
    expect(jobs.addJob(standardJob({ job_id: 5 }))).toBe(false);
    expect(jobs.nextUnit()).toBeUndefined();
    expect(jobs.setNewPrevHash(prevHash(5, 1234))).toBe(true);
    const unit = nextUnit(jobs);
    expect(unit.jobId).toBe(5);
    expect(unit.ntime).toBe(1234);
    expect(parseHeader(unit.header)).toMatchObject({ prevHash: PREV_HASH, bits: BITS, time: 1234, nonce: 0 });
  });

  it("are mined at once where they have a min_ntime and a tip is known", () => {
    const jobs = work();
    jobs.addJob(standardJob({ job_id: 1 }));
    jobs.setNewPrevHash(prevHash(1));
    expect(jobs.addJob(standardJob({ job_id: 2, min_ntime: 1001 }))).toBe(true);
    expect(nextUnit(jobs)).toMatchObject({ jobId: 2, ntime: 1001 });
  });

  it("wait where they have a min_ntime but no tip is known", () => {
    const jobs = work();
    expect(jobs.addJob(standardJob({ job_id: 2, min_ntime: 1001 }))).toBe(false);
    expect(jobs.nextUnit()).toBeUndefined();
  });

  it("are none after a SetNewPrevHash for a job that never came: the old tip's job is stale", () => {
    const jobs = work();
    jobs.addJob(standardJob({ job_id: 1 }));
    jobs.setNewPrevHash(prevHash(1));
    expect(jobs.setNewPrevHash(prevHash(9))).toBe(false);
    expect(jobs.nextUnit()).toBeUndefined();
  });

  it("are forgotten at a new tip where they were future ones of the tip before", () => {
    const jobs = work();
    jobs.addJob(standardJob({ job_id: 1 }));
    jobs.addJob(standardJob({ job_id: 2 }));
    jobs.setNewPrevHash(prevHash(1));
    expect(jobs.setNewPrevHash(prevHash(2))).toBe(false);
  });

  it("wait for their tip in bounded number, the latest of them", () => {
    const jobs = work();
    for (let id = 1; id <= MAX_FUTURE_JOBS; id += 1) jobs.addJob(standardJob({ job_id: id }));
    expect(jobs.setNewPrevHash(prevHash(1))).toBe(true);
    for (let id = 1; id <= MAX_FUTURE_JOBS + 1; id += 1) jobs.addJob(standardJob({ job_id: id }));
    expect(jobs.setNewPrevHash(prevHash(1))).toBe(false);
    for (let id = 1; id <= MAX_FUTURE_JOBS + 1; id += 1) jobs.addJob(standardJob({ job_id: id }));
    expect(jobs.setNewPrevHash(prevHash(MAX_FUTURE_JOBS + 1))).toBe(true);
  });

  it("keep the target that was in force when they became active", () => {
    const jobs = work();
    jobs.addJob(standardJob({ job_id: 1 }));
    jobs.setNewPrevHash(prevHash(1));
    jobs.setTarget(HARD);
    expect(nextUnit(jobs).target).toEqual(EASY);
    jobs.addJob(standardJob({ job_id: 2, min_ntime: 1000 }));
    expect(nextUnit(jobs).target).toEqual(HARD);
  });

  it("take a target that came while they were pending", () => {
    const jobs = work();
    jobs.addJob(standardJob({ job_id: 1 }));
    jobs.setTarget(HARD);
    jobs.setNewPrevHash(prevHash(1));
    expect(nextUnit(jobs).target).toEqual(HARD);
  });
});

describe("The headers to search", () => {
  it("are all different, in the version bits that BIP323 leaves to miners", () => {
    const jobs = work();
    jobs.addJob(standardJob());
    jobs.setNewPrevHash(prevHash(1));
    const units = Array.from({ length: 300 }, () => nextUnit(jobs));
    expect(new Set(units.map(({ header }) => toHex(header))).size).toBe(300);
    for (const { version, header, ntime } of units) {
      expect((version & ~0x1fffe000) >>> 0).toBe(0x20000000);
      expect(parseHeader(header).version).toBe(version);
      expect(ntime).toBe(1000);
    }
  });

  it("differ in their time on a standard channel of a pool that fixes the version", () => {
    const jobs = work({ fixedVersion: true });
    jobs.addJob(standardJob());
    jobs.setNewPrevHash(prevHash(1));
    const units = [nextUnit(jobs), nextUnit(jobs)];
    expect(units.map(({ version }) => version)).toEqual([0x20000000, 0x20000000]);
    expect(units.map(({ ntime, header }) => [ntime, parseHeader(header).time])).toEqual([
      [1000, 1000],
      [1001, 1001],
    ]);
  });

  it("differ also where the pool has set the bits that are rolled", () => {
    const jobs = work();
    jobs.addJob(standardJob({ version: 0x3fffe004 }));
    jobs.setNewPrevHash(prevHash(1));
    const versions = Array.from({ length: 300 }, () => nextUnit(jobs).version);
    expect(new Set(versions).size).toBe(300);
    for (const version of versions) expect((version & ~0x1fffe000) >>> 0).toBe(0x20000004);
  });

  it("begin each job with its own time, however many headers the ones before it took", () => {
    const jobs = work({ fixedVersion: true });
    jobs.addJob(standardJob());
    jobs.setNewPrevHash(prevHash(1));
    for (let units = 0; units < 8_000; units += 1) jobs.nextUnit();
    jobs.addJob(standardJob({ job_id: 2, min_ntime: 1030 }));
    expect([nextUnit(jobs).ntime, nextUnit(jobs).ntime]).toEqual([1030, 1031]);
  });

  it("differ in the extranonce alone where an extended job forbids to roll the version", () => {
    const jobs = work({ rollableBytes: 2 });
    jobs.addJob(extendedJob({ version_rolling_allowed: false }));
    jobs.setNewPrevHash(prevHash(1));
    const units = [nextUnit(jobs), nextUnit(jobs)];
    expect(units.map(({ version }) => version)).toEqual([0x20000000, 0x20000000]);
    expect(units.map(({ extranonce }) => toHex(extranonce))).toEqual(["0001", "0002"]);
    expect(units.map(({ ntime }) => ntime)).toEqual([1000, 1000]);
  });

  it("hold the root of coinbase prefix, extranonce prefix, rolled extranonce and coinbase suffix along the path", () => {
    const jobs = work({ rollableBytes: 3 });
    const job = extendedJob();
    jobs.addJob(job);
    jobs.setNewPrevHash(prevHash(1));
    const unit = nextUnit(jobs);
    const coinbase = concatBytes(fromHex("aabb"), fromHex("0102"), fromHex("000001"), fromHex("ccdd"));
    const root = merkleRootFromPath(sha256d(coinbase), job.message.merkle_path);
    expect(toHex(parseHeader(unit.header).merkleRoot)).toBe(toHex(root));
    expect(toHex(unit.extranonce)).toBe("000001");
  });

  it("count the extranonce big-endian over all its bytes", () => {
    const jobs = work({ rollableBytes: 2 });
    jobs.addJob(extendedJob());
    jobs.setNewPrevHash(prevHash(1));
    let last = nextUnit(jobs);
    for (let unit = 1; unit < 0x1ff; unit += 1) last = nextUnit(jobs);
    expect(toHex(last.extranonce)).toBe("01ff");
  });

  it("carry the network target of their nBits", () => {
    const jobs = work();
    jobs.addJob(standardJob());
    jobs.setNewPrevHash(prevHash(1));
    expect(toHex(reversed(nextUnit(jobs).networkTarget))).toBe(`00000000ffff${"00".repeat(26)}`);
  });

  it("hash with the nonce in their last four bytes, little-endian", () => {
    // The first block of the main network.
    const header = fromHex(
      `01000000${"00".repeat(32)}3ba3edfd7a7b12b27ac72c3e67768f617fc81bc3888a51323a9fb8aa4b1e5e4a29ab5f49ffff001d00000000`,
    );
    const unit = { jobId: 1, header, version: 1, ntime: 0, extranonce: new Uint8Array(0), target: EASY };
    const hash = hashOfUnit({ ...unit, networkTarget: EASY }, 2083236893);
    expect(toHex(reversed(hash))).toBe("000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f");
  });
});
