import { describe, expect, it } from "vitest";
import { serializeHeader } from "../../src/bitcoin/header.ts";
import { targetOfDifficulty, targetToBytes } from "../../src/bitcoin/target.ts";
import type { Moment } from "../../src/core/clock.ts";
import { nullLogger } from "../../src/core/logger.ts";
import { createMetricRegistry } from "../../src/core/metrics.ts";
import type { Channel } from "../../src/mining/channel.ts";
import { KEPT_JOBS } from "../../src/mining/channel.ts";
import type { ConnectionChannels } from "../../src/mining/connection-channels.ts";
import { MiningPool } from "../../src/mining/mining-pool.ts";
import { shareTarget } from "../../src/mining/share-target.ts";
import { createNonceScanner, createValidator, type ShareValidator } from "../../src/sharecore/index.ts";
import type { ShareSubmission } from "../../src/wire/share-fields.ts";
import { HARD_BITS, PoolHarness, template } from "../session/session-fixture.ts";

const NOW: Moment = { wallMs: 1_700_000_000_000, monotonicMs: 0 };
const NTIME = 1_700_000_000;
const A = new Uint8Array(32).fill(0xaa);
const B = new Uint8Array(32).fill(0xbb);
const scanner = createNonceScanner();

type Fields = Partial<Pick<ShareSubmission, "jobId" | "ntime" | "version" | "extranonce" | "sequenceNumber">>;

/** A connection with one standard channel, on a pool whose shares are checked when it is asked to. */
class Rig {
  readonly harness: PoolHarness;
  readonly frames: Uint8Array[] = [];
  readonly connection: ConnectionChannels;
  readonly channel: Channel;
  ended: string | undefined;

  constructor(harness: PoolHarness = new PoolHarness(), nominalHashrate = 0) {
    this.harness = harness;
    if (harness.pool.template === undefined) harness.pool.setTemplate(template({ bits: HARD_BITS, prevHash: A }));
    this.connection = harness.pool.connect({
      connectionId: "c1",
      requiresStandardJobs: true,
      sink: {
        send: (frame) => this.frames.push(frame),
        end: (reason) => {
          this.ended = reason;
        },
        workAvailable: () => undefined,
      },
    });
    this.channel = this.open(nominalHashrate);
  }

  open(nominalHashrate = 0): Channel {
    const outcome = this.connection.open(
      {
        kind: "standard",
        requestId: 1,
        userIdentity: "alice",
        nominalHashrate,
        maxTarget: new Uint8Array(32).fill(0xff),
        minExtranonceSize: 0,
      },
      NOW,
    );
    if (typeof outcome === "string") throw new Error(outcome);
    return outcome;
  }

  /** A share of the channel's newest job whose hash meets `target` and no harder one. */
  submission(target: bigint, fields: Fields = {}, notBelow = 0n): ShareSubmission {
    const job = this.channel.jobs.at(-1);
    if (job?.merkleRoot === undefined) throw new Error("no job");
    const { ntime = NTIME, version = job.jobTemplate.version } = fields;
    const header = serializeHeader({
      version,
      prevHash: job.jobTemplate.template.prevHash,
      merkleRoot: job.merkleRoot,
      time: ntime,
      bits: job.jobTemplate.template.bits,
      nonce: 0,
    });
    let nonce: number | undefined = -1;
    for (;;) {
      scanner.init(header, targetToBytes(target));
      nonce = scanner.scan(nonce + 1, 1 << 24);
      if (nonce === undefined) throw new Error("no nonce");
      if (notBelow === 0n) break;
      scanner.init(header, targetToBytes(notBelow));
      if (scanner.scan(nonce, 1) === undefined) break;
    }
    return {
      channelId: this.channel.channelId,
      sequenceNumber: 1,
      jobId: job.jobId,
      nonce,
      ntime,
      version,
      extranonce: new Uint8Array(0),
      tlvs: new Uint8Array(0),
      ...fields,
    };
  }

  add(submission: ShareSubmission): string {
    this.harness.outcomes.length = 0;
    expect(this.harness.pool.addShare(this.channel, submission, NOW)).toBe(true);
    this.harness.pool.flushShares();
    return this.harness.outcomes
      .join()
      .replace(/^c1:\d+ /, "")
      .replace(/^\d+ /, "");
  }
}

const EASY = targetOfDifficulty(1e-6);
const HARDER = targetOfDifficulty(1e-5);

describe("the target of a job", () => {
  it("is the one in force when it became active, and a share is credited with exactly its difficulty", () => {
    const rig = new Rig();
    rig.connection.setTarget(rig.channel, shareTarget(HARDER));
    rig.harness.pool.setTemplate(template({ bits: HARD_BITS, prevHash: A }));
    rig.connection.setTarget(rig.channel, shareTarget(targetOfDifficulty(1e-4)));
    // The newest target is ten times harder, the job's own is what counts.
    expect(rig.add(rig.submission(HARDER, {}, targetOfDifficulty(1e-4)))).toBe("accepted");
    expect(rig.channel.tally.take()).toMatchObject({ acceptedShares: 1, difficulty: shareTarget(HARDER).difficulty });
  });

  it("that eased afterwards lets a share in, and credits it with nothing", () => {
    const rig = new Rig();
    rig.connection.setTarget(rig.channel, shareTarget(HARDER));
    rig.harness.pool.setTemplate(template({ bits: HARD_BITS, prevHash: A }));
    const missesJob = rig.submission(EASY, {}, HARDER);
    expect(rig.add(missesJob)).toBe("difficulty-too-low");
    rig.connection.setTarget(rig.channel, shareTarget(EASY));
    expect(rig.add(missesJob)).toBe("accepted");
    expect(rig.channel.tally.take()).toMatchObject({
      acceptedShares: 1,
      difficulty: 0,
      rejects: { "difficulty-too-low": 1 },
    });
  });
});

describe("a share's verdict", () => {
  const easy = (1n << 256n) - 1n;

  it("is the first that applies, in the order that is promised", () => {
    const rig = new Rig();
    const good = rig.submission(easy);
    expect(rig.add({ ...good, jobId: 99, ntime: 0, version: 0 })).toBe("invalid-job-id");
    expect(rig.add({ ...good, extranonce: new Uint8Array(1), ntime: 0, version: 0 })).toBe("bad-extranonce-size");
    expect(rig.add({ ...good, ntime: NTIME - 1, version: 0 })).toBe("invalid-timestamp");
    expect(rig.add({ ...good, version: 0x30000001 })).toBe("invalid-non-rollable-version-bit");
    expect(rig.add(good)).toBe("accepted");
    expect(rig.add(good)).toBe("duplicate-share");
    rig.harness.pool.setTemplate(template({ bits: HARD_BITS, prevHash: B }));
    expect(rig.add({ ...good, extranonce: new Uint8Array(1), ntime: 0, version: 0 })).toBe("stale-share");
  });

  it.each([
    [NTIME - 1, "invalid-timestamp"],
    [NTIME, "accepted"],
    [NTIME + 7_200, "accepted"],
    [NTIME + 7_201, "invalid-timestamp"],
  ])("with time %d is %s", (ntime, wanted) => {
    const rig = new Rig();
    expect(rig.add(rig.submission(easy, { ntime }))).toBe(wanted);
  });

  it.each([
    [0x3fffffe0, "accepted"],
    [0x20000020, "accepted"],
    [0x20000010, "invalid-non-rollable-version-bit"],
    [0x60000000, "invalid-non-rollable-version-bit"],
    [0xa0000000, "invalid-non-rollable-version-bit"],
  ])("with version %i is %s", (version, wanted) => {
    const rig = new Rig();
    expect(rig.add(rig.submission(easy, { version }))).toBe(wanted);
  });

  it("names a job as long as the channel keeps it, and not one job longer", () => {
    const rig = new Rig();
    const first = rig.submission(easy);
    const second = { ...first, nonce: first.nonce + 1 };
    for (let refresh = 1; refresh < KEPT_JOBS; refresh += 1) {
      rig.harness.pool.setTemplate(template({ bits: HARD_BITS, prevHash: A }));
    }
    expect(rig.add(first)).toBe("accepted");
    rig.harness.pool.setTemplate(template({ bits: HARD_BITS, prevHash: A }));
    expect(rig.add(second)).toBe("invalid-job-id");
  });

  it("finds a duplicate also on a tip that was left and came back", () => {
    const rig = new Rig();
    const share = rig.submission(easy);
    expect(rig.add(share)).toBe("accepted");
    rig.harness.pool.setTemplate(template({ bits: HARD_BITS, prevHash: B }));
    rig.harness.pool.setTemplate(template({ bits: HARD_BITS, prevHash: A }));
    expect(rig.add(share), "its job is of the first time").toBe("stale-share");
    const jobId = rig.channel.jobs.at(-1)?.jobId ?? 0;
    expect(rig.add({ ...share, jobId }), "the same header under the new job").toBe("duplicate-share");
  });
});

describe("a share that solves a block", () => {
  it("gives the block even where it is stale", () => {
    const harness = new PoolHarness();
    harness.pool.setTemplate(template({ prevHash: A }));
    const rig = new Rig(harness);
    const share = rig.submission(targetOfDifficulty(1e-9));
    harness.pool.setTemplate(template({ prevHash: B }));
    expect(rig.add(share)).toBe("stale-share");
    expect(harness.blocks).toHaveLength(1);
  });

  it("is accepted where it misses the share target, without credit", () => {
    const harness = new PoolHarness();
    harness.pool.setTemplate(template({ prevHash: A }));
    const rig = new Rig(harness);
    rig.connection.setTarget(rig.channel, shareTarget(HARDER));
    harness.pool.setTemplate(template({ prevHash: A }));
    const networkTarget = 0x7fffffn << 232n;
    expect(rig.add(rig.submission(networkTarget, {}, HARDER))).toBe("accepted block");
    expect(rig.channel.tally.take()).toMatchObject({ acceptedShares: 1, difficulty: 0 });
  });
});

describe("standard channels' slots in the validator", () => {
  it("are bounded: shares beyond are validated over the coinbase, with the same verdict", () => {
    const easy = (1n << 256n) - 1n;
    const harness = new PoolHarness({}, { maxStandardJobs: 1 });
    const rig = new Rig(harness);
    expect(rig.add(rig.submission(easy))).toBe("accepted");
    expect(rig.channel.jobs.at(-1)?.standardHandle).toBeDefined();
    harness.pool.setTemplate(template({ bits: HARD_BITS, prevHash: A }));
    const share = rig.submission(easy, { ntime: NTIME + 1 });
    expect(rig.add(share)).toBe("accepted");
    expect(rig.channel.jobs.at(-1)?.standardHandle).toBeUndefined();
    expect(rig.add(share)).toBe("duplicate-share");
    expect(rig.add(rig.submission(EASY, { ntime: NTIME + 2 }))).toBe("accepted");
    rig.connection.closeAll();
    const other = new Rig(harness);
    expect(other.add(other.submission(easy))).toBe("accepted");
    expect(other.channel.jobs.at(-1)?.standardHandle, "a slot that was given back is used again").toBeDefined();
  });
});

describe("a fault of ours in one connection", () => {
  it("ends that connection, and others get their job", () => {
    const rig = new Rig();
    const broken = new Rig(rig.harness);
    broken.frames.push = () => {
      throw new Error("injected");
    };
    const before = rig.frames.length;
    rig.harness.pool.setTemplate(template({ bits: HARD_BITS, prevHash: B }));
    expect(broken.ended).toBe("internal-error");
    expect(rig.ended).toBeUndefined();
    expect(rig.frames).toHaveLength(before + 2);
  });

  it("in one share's handling costs no other share its verdict", () => {
    const rig = new Rig();
    const easy = (1n << 256n) - 1n;
    const share = rig.submission(easy);
    const accepted = rig.harness.onAccepted.bind(rig.harness);
    let calls = 0;
    rig.harness.onAccepted = (...args): void => {
      calls += 1;
      if (calls === 1) throw new Error("injected");
      accepted(...args);
    };
    rig.harness.pool.addShare(rig.channel, share, NOW);
    rig.harness.pool.addShare(rig.channel, { ...share, nonce: share.nonce + 1 }, NOW);
    rig.harness.pool.flushShares();
    expect(rig.harness.outcomes).toEqual([`${rig.channel.key} accepted`]);
  });
});

describe("a validator that has no room", () => {
  /** Refuses while `full`; its slots are counted. */
  function fullValidator(): { validator: ShareValidator; fill(full: boolean): void; readonly released: number } {
    const inner = createValidator({ backend: "wasm" });
    let full = false;
    let released = 0;
    let drained: () => void = () => undefined;
    const validator: ShareValidator = {
      backend: inner.backend,
      createBatch: (capacity) => inner.createBatch(capacity),
      addJob: (job) => inner.addJob(job),
      releaseJob: (handle) => {
        released += 1;
        inner.releaseJob(handle);
      },
      submit: (batch, onVerdicts) => !full && inner.submit(batch, onVerdicts),
      onDrain: (listener) => {
        drained = listener;
      },
      merkleRoots: (handle, extranonces, size) => inner.merkleRoots(handle, extranonces, size),
      close: () => inner.close(),
    };
    return {
      validator,
      fill(now) {
        full = now;
        if (!now) drained();
      },
      get released() {
        return released;
      },
    };
  }

  it("stops the reading; what was read is settled in order when there is room again, closed channels' blocks too", () => {
    const harness = new PoolHarness();
    const { validator, fill, ...rest } = fullValidator();
    void rest;
    const pool = new MiningPool(
      {
        payout: { script: new Uint8Array([0x51]) },
        poolTag: "",
        instanceId: 1,
        sharesPerMinute: 12,
        minDifficulty: 0,
        vardiff: false,
        maxChannels: 10,
        maxChannelsPerConnection: 10,
        validator,
        listener: harness,
      },
      { logger: nullLogger, metrics: createMetricRegistry() },
    );
    Object.assign(harness, { pool });
    pool.setTemplate(template({ prevHash: A }));
    const rig = new Rig(harness);
    const block = rig.submission(targetOfDifficulty(1e-9));
    fill(true);
    pool.addShare(rig.channel, { ...block, sequenceNumber: 1, jobId: 99 }, NOW);
    pool.flushShares();
    expect(harness.saturations).toEqual([true]);
    pool.addShare(rig.channel, { ...block, sequenceNumber: 2 }, NOW);
    pool.disconnect(rig.connection);
    expect(harness.blocks).toEqual([]);
    fill(false);
    expect(harness.saturations).toEqual([true, false]);
    expect(harness.blocks).toHaveLength(1);
  });
});

describe("a channel with more shares on one tip than can be told apart", () => {
  it("is closed with a reason, and with the last one its connection", () => {
    const rig = new Rig();
    const second = rig.open();
    rig.frames.length = 0;
    rig.harness.pool.closeOverfull(rig.channel);
    expect(Buffer.from(rig.frames[0] ?? []).toString("latin1")).toContain("too-many-shares-on-one-tip");
    expect(rig.ended).toBeUndefined();
    rig.harness.pool.closeOverfull(second);
    expect(rig.ended).toBe("duplicates-full");
  });
});
