import { beforeEach, describe, expect, it } from "vitest";
import { toHex } from "../../src/core/bytes.ts";
import { AditError } from "../../src/core/errors.ts";
import { extendedJobFrame } from "../../src/mining/job-frames.ts";
import {
  LARGE_JOB_FRAME_BYTES,
  MAX_JOB_FRAME_BYTES,
  MAX_MERKLE_BRANCHES,
  WorkBook,
} from "../../src/mining/work-book.ts";
import { type WorkKind, workKind } from "../../src/mining/work-kind.ts";
import { template } from "../session/session-fixture.ts";
import { RecordingLogger } from "../support/recording-logger.ts";

const T = 1_700_000_000;

let logger: RecordingLogger;
let book: WorkBook;

beforeEach(() => {
  logger = new RecordingLogger();
  book = new WorkBook({ poolTag: "/t/" }, { logger });
});

function kindOf(extranonceBytes: number, script = new Uint8Array([0x51])): WorkKind {
  return workKind(extranonceBytes, { key: `pool ${script.length}`, script, cuts: [] });
}

const [USUAL, LARGER] = [kindOf(16), kindOf(24)];

function tip(byte: number): Uint8Array {
  return new Uint8Array(32).fill(byte);
}

/** Takes a template and says what a job of it would have. */
function take(fields: Parameters<typeof template>[0]): {
  newTip: boolean;
  minNtime: number;
  tip: number;
  epoch: number;
} {
  const newTip = book.setTemplate(template(fields), []);
  const job = book.jobTemplate(USUAL);
  return { newTip, minNtime: job?.minNtime ?? 0, tip: job?.tip ?? 0, epoch: job?.tipEpoch ?? 0 };
}

describe("the tip", () => {
  it("is new with the first template, and has no jobs before it", () => {
    expect(book.template).toBeUndefined();
    expect(book.tipEpoch).toBe(0);
    expect(book.jobTemplate(USUAL)).toBeUndefined();
    expect(take({ prevHash: tip(1) })).toMatchObject({ newTip: true, epoch: 1 });
  });

  it("changes with prev_hash and bits, which clients learn together, and with nothing else", () => {
    take({ prevHash: tip(1), height: 5, curTime: T });
    expect(take({ prevHash: tip(1), height: 6, curTime: T + 900, version: 4, coinbaseValue: 1n }).newTip).toBe(false);
    expect(take({ prevHash: tip(2), height: 6, curTime: T + 900, version: 4 }).newTip).toBe(true);
    const last = tip(2);
    last[31] = 3;
    expect(take({ prevHash: last, height: 6, curTime: T + 900 }).newTip, "the last byte counts too").toBe(true);
    expect(take({ prevHash: last, height: 6, curTime: T + 900, bits: 0x1d00ffff }).newTip, "a test network").toBe(true);
    expect(book.tipEpoch).toBe(4);
  });

  it("that comes back has its name again, and its older jobs are stale all the same", () => {
    const first = take({ prevHash: tip(1) });
    const second = take({ prevHash: tip(2) });
    const back = take({ prevHash: tip(1) });
    expect(second.tip).not.toBe(first.tip);
    expect(back.tip).toBe(first.tip);
    expect(back.epoch).toBeGreaterThan(second.epoch);
  });

  it("keeps its name where only its bits change: shares that were found on it stay known", () => {
    const first = take({ prevHash: tip(1) });
    const easier = take({ prevHash: tip(1), bits: 0x1d00ffff });
    expect(easier.tip).toBe(first.tip);
    expect(easier.epoch).toBe(first.epoch + 1);
  });

  it("is known again among the last eight, and not beyond", () => {
    const names = Array.from({ length: 8 }, (_, index) => take({ prevHash: tip(index + 1) }).tip);
    expect(take({ prevHash: tip(1) }).tip).toBe(names[0]);
    expect(take({ prevHash: tip(9) }).tip, "a new name").toBeGreaterThan(Math.max(...names));
    expect(take({ prevHash: tip(2) }).tip, "used longest ago").not.toBe(names[1]);
    expect(take({ prevHash: tip(1) }).tip, "used since").toBe(names[0]);
  });
});

describe("min_ntime", () => {
  it("is the template's present time, or its least where that is later", () => {
    expect(take({ prevHash: tip(1), curTime: T, minTime: T - 50 }).minNtime).toBe(T);
    expect(take({ prevHash: tip(2), curTime: T, minTime: T + 50 }).minNtime).toBe(T + 50);
  });

  it("does not decrease within a tip, and begins anew with the next", () => {
    take({ prevHash: tip(1), curTime: T });
    expect(take({ prevHash: tip(1), curTime: T - 30, minTime: 0 }).minNtime).toBe(T);
    expect(take({ prevHash: tip(1), curTime: T + 30 }).minNtime).toBe(T + 30);
    expect(take({ prevHash: tip(1), curTime: T + 10 }).minNtime).toBe(T + 30);
    expect(take({ prevHash: tip(2), curTime: T - 5, minTime: 0 }).minNtime).toBe(T - 5);
  });
});

describe("job templates", () => {
  it("are made once for a kind of work, and anew for another template", () => {
    book.setTemplate(template(), [USUAL]);
    const made = book.jobTemplate(USUAL);
    expect(book.jobTemplate(kindOf(16))).toBe(made);
    expect(book.jobTemplate(LARGER)?.kind).toBe(LARGER);
    book.setTemplate(template(), []);
    expect(book.jobTemplate(USUAL)).not.toBe(made);
  });

  it("pay whom their kind says", () => {
    const other = kindOf(16, new Uint8Array([0x52, 0x53]));
    book.setTemplate(template(), [USUAL, other]);
    expect(toHex(book.jobTemplate(USUAL)?.coinbaseSuffix ?? new Uint8Array())).toContain("0151");
    expect(toHex(book.jobTemplate(other)?.coinbaseSuffix ?? new Uint8Array())).toContain("025253");
  });

  it("carry the pool's tag, and a new one from the moment it is set", () => {
    book.setTemplate(template({ nextSubsidy: 5n }), [USUAL]);
    const before = [book.jobTemplate(USUAL), book.aheadJobTemplate(USUAL)];
    book.setPoolTag("/t/");
    expect([book.jobTemplate(USUAL), book.aheadJobTemplate(USUAL)]).toEqual(before);
    book.setPoolTag("/new/");
    for (const job of [book.jobTemplate(USUAL), book.aheadJobTemplate(USUAL)]) {
      expect(new TextDecoder("latin1").decode(job?.coinbasePrefix)).toContain("/new/");
    }
  });
});

describe("a template of which no job can be made", () => {
  const unusable = { merklePath: Array.from({ length: MAX_MERKLE_BRANCHES + 1 }, () => tip(0)) };

  it("may have 20 merkle branches, and not one more", () => {
    const merklePath = Array.from({ length: 20 }, () => tip(0));
    expect(book.setTemplate(template({ merklePath }), [USUAL])).toBe(true);
    expect(() => book.setTemplate(template({ merklePath: [...merklePath, tip(0)] }), [USUAL])).toThrow(
      "21 merkle branches",
    );
  });

  it("changes nothing: neither tip, nor time, nor jobs", () => {
    const before = take({ prevHash: tip(1), curTime: T });
    const { template: last } = book;
    for (const prevHash of [tip(1), tip(2)]) {
      expect(() => book.setTemplate(template({ ...unusable, prevHash, curTime: T + 60 }), [LARGER, USUAL])).toThrow(
        AditError,
      );
    }
    expect(book.template).toBe(last);
    expect(book.tipEpoch).toBe(before.epoch);
    expect(take({ prevHash: tip(1), curTime: T + 1 })).toEqual({ ...before, newTip: false, minNtime: T + 1 });
    expect(take({ prevHash: tip(2) }).tip, "the name was not taken by it").toBe(before.tip + 1);
  });
});

describe("the length of a job's frame", () => {
  /** A template whose job has a frame of so many bytes, with min_ntime. */
  function templateOf(frameBytes: number): ReturnType<typeof template> {
    const probe = new WorkBook({ poolTag: "/t/" }, { logger });
    probe.setTemplate(template({ witnessCommitment: new Uint8Array(300) }), []);
    const job = probe.jobTemplate(USUAL);
    if (job === undefined) throw new Error("no job");
    const { length } = extendedJobFrame(job, { channelId: 1, jobId: 1, future: false });
    return template({ witnessCommitment: new Uint8Array(300 + frameBytes - length) });
  }

  it("may be 8,191 bytes, and not one more", () => {
    book.setTemplate(templateOf(MAX_JOB_FRAME_BYTES), [USUAL]);
    const job = book.jobTemplate(USUAL);
    if (job === undefined) throw new Error("no job");
    expect(extendedJobFrame(job, { channelId: 1, jobId: 1, future: false })).toHaveLength(8_191);
    expect(() => book.setTemplate(templateOf(MAX_JOB_FRAME_BYTES + 1), [USUAL])).toThrow(/8192 bytes/);
  });

  it("is warned of from 2,048 bytes, once while it lasts", () => {
    const warnings = (): number => logger.of("jobs are large: some firmware drops long ones").length;
    book.setTemplate(templateOf(LARGE_JOB_FRAME_BYTES - 1), [USUAL]);
    expect(warnings()).toBe(0);
    book.setTemplate(templateOf(LARGE_JOB_FRAME_BYTES), [USUAL]);
    book.setTemplate(templateOf(LARGE_JOB_FRAME_BYTES), [USUAL, LARGER]);
    expect(warnings()).toBe(1);
    book.setTemplate(templateOf(LARGE_JOB_FRAME_BYTES - 1), [USUAL]);
    book.setTemplate(templateOf(LARGE_JOB_FRAME_BYTES), [USUAL]);
    expect(warnings()).toBe(2);
  });
});
