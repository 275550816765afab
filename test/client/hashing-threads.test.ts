import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { HashingThreads } from "../../src/client/hashing-threads.ts";
import { hashOfUnit, Work, type WorkUnit } from "../../src/client/work.ts";
import { compareLittleEndian256, toHex } from "../../src/core/bytes.ts";
import { createNonceScanner } from "../../src/sharecore/index.ts";
import { until } from "../support/wait.ts";
import { type ScriptedThreads, scriptedThreads } from "./scripted-thread.ts";

const ANY = new Uint8Array(32).fill(0xff);
const NONE = new Uint8Array(32);
/** Every 65,536th hash or so. */
const SELDOM = new Uint8Array(32).fill(0xff, 0, 30);

function work(target: Uint8Array): Work {
  const jobs = new Work({ target, extranoncePrefix: new Uint8Array(4), rollableBytes: 0, fixedVersion: false });
  addJob(jobs, 1);
  return jobs;
}

/** A job on a tip of its own. */
function addJob(jobs: Work, jobId: number): void {
  const message = { channel_id: 1, job_id: jobId, min_ntime: undefined, version: 0x20000000 };
  jobs.addJob({ kind: "standard", message: { ...message, merkle_root: new Uint8Array(32).fill(jobId) } });
  const tip = { channel_id: 1, job_id: jobId, prev_hash: new Uint8Array(32).fill(jobId) };
  jobs.setNewPrevHash({ ...tip, min_ntime: 1000, nbits: 0x1d00ffff });
}

type Found = { readonly unit: WorkUnit; readonly nonce: number };

let jobs: Work | undefined;
let found: Found[];
let failures: { readonly code: string; readonly message: string }[];
let hashing: HashingThreads | undefined;

function start(count: number, scripted?: ScriptedThreads): HashingThreads {
  const events = {
    nextUnit: () => jobs?.nextUnit(),
    onFound: (unit: WorkUnit, nonce: number) => void found.push({ unit, nonce }),
    onFailure: (error: { readonly code: string; readonly message: string }) => void failures.push(error),
  };
  hashing = new HashingThreads(count, events, ...(scripted === undefined ? [] : [scripted.startThread]));
  return hashing;
}

beforeEach(() => {
  jobs = work(NONE);
  found = [];
  failures = [];
});

afterEach(() => hashing?.close());

describe("Hashing threads", () => {
  it("never search one header twice: not at once, not after another, not after a new job", () => {
    const scripted = scriptedThreads();
    const { threads } = scripted;
    const hashers = start(4, scripted);
    hashers.renew();
    for (const thread of threads) thread.report({ exhausted: true });
    threads[2]?.report({ exhausted: true });
    hashers.renew();
    addJob(jobs as Work, 2);
    hashers.renew();
    const headers = threads.flatMap(({ orders }) => orders.map(({ header }) => toHex(header ?? NONE)));
    expect(headers.length).toBe(4 * 4 + 1);
    expect(new Set(headers).size).toBe(headers.length);
  });

  it("hand on what is found, with the header that it was found in", () => {
    const scripted = scriptedThreads();
    start(2, scripted).renew();
    const [first, second] = scripted.threads;
    second?.report({ nonce: 77 });
    first?.report({ nonce: 5 });
    expect(found.map(({ nonce }) => nonce)).toEqual([77, 5]);
    expect(found.map(({ unit }) => unit.header)).toEqual([second?.present.header, first?.present.header]);
  });

  it("hand on nothing of an order that another one has replaced, but count its hashes", () => {
    const scripted = scriptedThreads();
    const hashers = start(1, scripted);
    hashers.renew();
    const [thread] = scripted.threads;
    const old = thread?.present.unit ?? 0;
    addJob(jobs as Work, 2);
    hashers.renew();
    thread?.report({ unit: old, nonce: 9, searched: 10, exhausted: true });
    expect(found).toEqual([]);
    expect(thread?.orders.length).toBe(2);
    thread?.report({ nonce: 10, searched: 5 });
    expect(found.map(({ unit, nonce }) => [unit.jobId, nonce])).toEqual([[2, 10]]);
    expect(hashers.hashes).toBe(15);
  });

  it("give an exhausted thread one new header, also where its last share led to new work for all", () => {
    const scripted = scriptedThreads();
    const hashers = start(1, scripted);
    hashers.renew();
    const [thread] = scripted.threads;
    const push = found.push.bind(found);
    found.push = (...items) => {
      hashers.renew();
      return push(...items);
    };
    thread?.report({ nonce: 0xffffffff, exhausted: true });
    expect(thread?.orders.length).toBe(2);
  });

  it("rest while there is no work, and search when there is some again", () => {
    const scripted = scriptedThreads();
    const hashers = start(1, scripted);
    const [thread] = scripted.threads;
    jobs = undefined;
    hashers.renew();
    expect(thread?.isSearching).toBe(false);
    thread?.report({ nonce: 3, exhausted: true });
    expect([found.length, thread?.orders.length]).toEqual([0, 1]);
    jobs = work(NONE);
    hashers.renew();
    expect(thread?.isSearching).toBe(true);
  });

  it("tell when a thread ends by itself, and not when they are closed", async () => {
    const scripted = scriptedThreads();
    const hashers = start(2, scripted);
    scripted.threads[1]?.crash("out of memory");
    expect(failures).toHaveLength(1);
    expect(failures[0]).toMatchObject({
      code: "thread-ended",
      message: expect.stringContaining("a mining thread ended (out of memory): start the miner again"),
    });
    await hashers.close();
    expect(scripted.threads.map(({ terminated }) => terminated)).toEqual([true, true]);
    expect(failures).toHaveLength(1);
  });

  it("hand on nothing after they were closed", async () => {
    const scripted = scriptedThreads();
    const hashers = start(1, scripted);
    hashers.renew();
    await hashers.close();
    scripted.threads[0]?.report({ nonce: 1, exhausted: true });
    expect([found.length, scripted.threads[0]?.orders.length]).toEqual([0, 1]);
  });
});

describe("A real mining thread", () => {
  it("finds the nonces of its header that meet the target, from the lowest on, each once", async () => {
    jobs = work(SELDOM);
    const hashers = start(1);
    hashers.renew();
    await until("five shares are found", () => found.length >= 5);
    const unit = found[0]?.unit as WorkUnit;
    const scanner = createNonceScanner();
    scanner.init(unit.header, unit.target);
    let from = 0;
    for (const { unit: foundIn, nonce } of found.slice(0, 5)) {
      expect(foundIn).toBe(unit);
      expect(nonce).toBe(scanner.scan(from, 1 << 26));
      from = nonce + 1;
      expect(compareLittleEndian256(hashOfUnit(unit, nonce), SELDOM)).toBeLessThanOrEqual(0);
    }
    expect(hashers.hashes).toBeGreaterThanOrEqual(from);
  });

  it("turns to a new header at once, whatever is left of the old one", async () => {
    const hashers = start(1);
    hashers.renew();
    await until("it searches", () => hashers.hashes > 0);
    jobs = work(ANY);
    hashers.renew();
    await until("it found a share of the new one", () => found.length > 0);
    expect(found[0]?.nonce).toBe(0);
    jobs = undefined;
    hashers.renew();
    const unit = found[0]?.unit;
    expect(found.every((each) => each.unit === unit)).toBe(true);
  });

  it("rests when it is told so, but for the piece that it has begun", async () => {
    const resting = start(1);
    resting.renew();
    await until("it searches", () => resting.hashes > 0);
    jobs = undefined;
    resting.renew();
    const { hashes: before } = resting;
    // Another thread's pieces, each as long as one of ours would be, tell the time.
    jobs = work(NONE);
    const other = start(1);
    other.renew();
    const piece = 65_536;
    await until("the other one searched 20 pieces", () => other.hashes >= 20 * piece);
    await resting.close();
    expect(resting.hashes - before).toBeLessThanOrEqual(3 * piece);
  });

  it("works beside others, each on a header of its own", async () => {
    jobs = work(SELDOM);
    start(3).renew();
    await until("shares of all three are found", () => new Set(found.map(({ unit }) => unit)).size === 3);
    expect(new Set(found.map(({ unit }) => toHex(unit.header))).size).toBe(3);
  });

  it("that crashes is told of, with its reason", async () => {
    const unit = (jobs as Work).nextUnit() as WorkUnit;
    jobs = { nextUnit: () => ({ ...unit, header: unit.header.subarray(1) }) } as unknown as Work;
    start(1).renew();
    await until("the crash is told", () => failures.length === 1);
    expect(failures[0]?.message).toContain("a mining thread ended (RangeError: a header has 80 bytes, not 79)");
  });
});
