import { beforeEach, describe, expect, it } from "vitest";
import { AditError } from "../../src/core/errors.ts";
import { extendedJobFrame } from "../../src/mining/job-frames.ts";
import { KEPT_TEMPLATES, LARGE_JOB_FRAME_BYTES, MAX_JOB_FRAME_BYTES, WorkBook } from "../../src/mining/work-book.ts";
import { template } from "../session/session-fixture.ts";
import { RecordingLogger } from "../support/recording-logger.ts";
import { SteeredValidator } from "../support/steered-validator.ts";

const T = 1_700_000_000;

let validator: SteeredValidator;
let logger: RecordingLogger;
let book: WorkBook;

beforeEach(() => {
  validator = new SteeredValidator();
  logger = new RecordingLogger();
  book = new WorkBook(
    { payout: { key: "pool", script: new Uint8Array([0x51]), cuts: [] }, poolTag: "/t/" },
    { validator, logger, release: (handle) => validator.releaseJob(handle) },
  );
});

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
  const job = book.jobTemplate(16);
  return { newTip, minNtime: job?.minNtime ?? 0, tip: job?.tip ?? 0, epoch: job?.tipEpoch ?? 0 };
}

describe("the tip", () => {
  it("is new with the first template, and has no jobs before it", () => {
    expect(book.template).toBeUndefined();
    expect(book.tipEpoch).toBe(0);
    expect(book.jobTemplate(16)).toBeUndefined();
    expect(take({ prevHash: tip(1) })).toMatchObject({ newTip: true, epoch: 1 });
  });

  it("changes with prev_hash, and with nothing else", () => {
    take({ prevHash: tip(1), height: 5, curTime: T });
    expect(take({ prevHash: tip(1), height: 6, curTime: T + 900, bits: 0x1a00ffff }).newTip).toBe(false);
    expect(take({ prevHash: tip(2), height: 6, curTime: T + 900, bits: 0x1a00ffff }).newTip).toBe(true);
    const last = tip(2);
    last[31] = 3;
    expect(take({ prevHash: last, height: 6, curTime: T + 900 }).newTip, "the last byte counts too").toBe(true);
    expect(book.tipEpoch).toBe(3);
  });

  it("that comes back has its name again, and its older jobs are stale all the same", () => {
    const first = take({ prevHash: tip(1) });
    const second = take({ prevHash: tip(2) });
    const back = take({ prevHash: tip(1) });
    expect(second.tip).not.toBe(first.tip);
    expect(back.tip).toBe(first.tip);
    expect(back.epoch).toBeGreaterThan(second.epoch);
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
  it("are made once for an extranonce size, and anew for another template", () => {
    book.setTemplate(template(), [16]);
    expect(validator.live.extended).toBe(1);
    const made = book.jobTemplate(16);
    expect(book.jobTemplate(16)).toBe(made);
    expect(book.jobTemplate(24)).not.toBe(made);
    expect(validator.live.extended).toBe(2);
    book.setTemplate(template(), []);
    expect(book.jobTemplate(16)).not.toBe(made);
  });

  it("stay in the validator for the last 16 templates, and not one longer", () => {
    for (let count = 1; count <= KEPT_TEMPLATES; count += 1) book.setTemplate(template(), [16, 24]);
    expect(validator.live.extended).toBe(2 * KEPT_TEMPLATES);
    book.setTemplate(template(), [16]);
    expect(validator.live.extended).toBe(2 * KEPT_TEMPLATES - 1);
  });
});

describe("a template of which no job can be made", () => {
  // 33 branches are more than the validator takes.
  const unusable = { merklePath: Array.from({ length: 33 }, () => tip(0)) };

  it("changes nothing: neither tip, nor time, nor jobs", () => {
    const before = take({ prevHash: tip(1), curTime: T });
    const live = validator.live.extended;
    const { template: last } = book;
    for (const prevHash of [tip(1), tip(2)]) {
      expect(() => book.setTemplate(template({ ...unusable, prevHash, curTime: T + 60 }), [24, 16])).toThrow(AditError);
    }
    expect(book.template).toBe(last);
    expect(book.tipEpoch).toBe(before.epoch);
    expect(validator.live.extended).toBe(live);
    expect(take({ prevHash: tip(1), curTime: T + 1 })).toEqual({ ...before, newTip: false, minNtime: T + 1 });
    expect(take({ prevHash: tip(2) }).tip, "the name was not taken by it").toBe(before.tip + 1);
  });

  it("gives back the jobs that could be made", () => {
    let calls = 0;
    const addJob = validator.addJob.bind(validator);
    validator.addJob = (job) => {
      calls += 1;
      if (calls === 2) throw new AditError("injected", { code: "job-limit", disposition: { kind: "ignore" } });
      return addJob(job);
    };
    expect(() => book.setTemplate(template(), [16, 24])).toThrow("injected");
    expect(validator.live.extended).toBe(0);
  });
});

describe("the length of a job's frame", () => {
  /** A template whose job has a frame of so many bytes, with min_ntime. */
  function templateOf(frameBytes: number): ReturnType<typeof template> {
    const probe = new WorkBook(
      { payout: { key: "pool", script: new Uint8Array(0), cuts: [] }, poolTag: "/t/" },
      { validator, logger, release: () => undefined },
    );
    probe.setTemplate(template({ witnessCommitment: new Uint8Array(300) }), []);
    const job = probe.jobTemplate(16);
    if (job === undefined) throw new Error("no job");
    const { length } = extendedJobFrame(job, { channelId: 1, jobId: 1, future: false });
    // The payout script of this book is a byte longer.
    return template({ witnessCommitment: new Uint8Array(300 + frameBytes - length - 1) });
  }

  it("may be 8,191 bytes, and not one more", () => {
    book.setTemplate(templateOf(MAX_JOB_FRAME_BYTES), [16]);
    const job = book.jobTemplate(16);
    if (job === undefined) throw new Error("no job");
    expect(extendedJobFrame(job, { channelId: 1, jobId: 1, future: false })).toHaveLength(8_191);
    const live = validator.live.extended;
    expect(() => book.setTemplate(templateOf(MAX_JOB_FRAME_BYTES + 1), [16])).toThrow(/8192 bytes/);
    expect(validator.live.extended, "but for the probe's own").toBe(live + 1);
  });

  it("is warned of from 2,048 bytes, once while it lasts", () => {
    const warnings = (): number => logger.of("jobs are large: some firmware drops long ones").length;
    book.setTemplate(templateOf(LARGE_JOB_FRAME_BYTES - 1), [16]);
    expect(warnings()).toBe(0);
    book.setTemplate(templateOf(LARGE_JOB_FRAME_BYTES), [16]);
    book.setTemplate(templateOf(LARGE_JOB_FRAME_BYTES), [16, 24]);
    expect(warnings()).toBe(1);
    book.setTemplate(templateOf(LARGE_JOB_FRAME_BYTES - 1), [16]);
    book.setTemplate(templateOf(LARGE_JOB_FRAME_BYTES), [16]);
    expect(warnings()).toBe(2);
  });
});
