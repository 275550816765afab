import { describe, expect, it } from "vitest";
import { bytesEqual, toHex } from "../../src/core/bytes.ts";
import { CHANNEL_MSG, type Frame, portHex } from "./bytes.ts";
import { findNonce } from "./hashing.ts";
import * as sv2 from "./messages.ts";
import { NoiseLink } from "./noise-link.ts";
import { PoolScene } from "./pool-scene.ts";

const REQUEST_ID = 10;
/** REQUIRES_STANDARD_JOBS. */
const FLAGS = 1;
/** It measures itself: what a slow core does. */
const HASHRATE = 1.25e6;
const HEADER_TIME_AHEAD_SECONDS = 60;

type Header = { readonly job: sv2.StandardJob; readonly on: sv2.PrevHash; readonly ntime: number };

function must(condition: boolean, rule: string): asserts condition {
  if (!condition) throw new Error(`the mining device panics: ${rule}`);
}

/** SRI's CPU miner for tests of pools. It has no code for most of what can come: it panics. */
class MiningDevice {
  readonly #scene: PoolScene;
  #link: NoiseLink | undefined;
  #channelId: number | undefined;
  #target: Uint8Array = new Uint8Array(0);
  /** Future jobs and the present one. Any job that is none of the future takes the place of all. */
  #jobs: sv2.StandardJob[] = [];
  #prevHash: sv2.PrevHash | undefined;
  #header: Header | undefined;
  #sequence = 0;
  accepted = 0;
  readonly rejected: sv2.Rejected[] = [];

  constructor(scene: PoolScene) {
    this.#scene = scene;
  }

  get link(): NoiseLink {
    must(this.#link !== undefined, "it is connected");
    return this.#link;
  }

  async connect(): Promise<void> {
    const { port } = this.#scene.bench;
    this.#link = await NoiseLink.open(this.#scene.link({ maxPayloadBytes: 0xffffff }));
    this.link.send(sv2.setupConnection({ flags: FLAGS, host: "127.0.0.1", port }));
    const { msgType } = await this.link.next("SetupConnection.Success");
    must(msgType === sv2.SETUP_SUCCESS, "the setup is accepted");
    this.link.send(sv2.openStandard({ requestId: REQUEST_ID, user: "alice", hashrate: HASHRATE }));
  }

  async until(what: string, condition: () => boolean): Promise<void> {
    while (!condition()) this.#receive(await this.link.next(what));
  }

  /**
   * Takes frames until it hashes on that block. A future job that a refresh made it forget is not begun by its
   * SetNewPrevHash: it hashes on the block before until the next job comes.
   */
  async minesOn(prevHash: Uint8Array): Promise<void> {
    await this.until("work on the tip", () => {
      return this.#header !== undefined && bytesEqual(this.#header.on.prevHash, prevHash);
    });
  }

  get jobId(): number {
    return this.#header?.job.jobId ?? 0;
  }

  share(): void {
    const header = this.#header;
    must(header !== undefined && this.#channelId !== undefined, "it has work");
    const { job, on, ntime } = header;
    const { version, jobId } = job;
    this.#sequence += 1;
    const nonce = findNonce({ ...on, version, merkleRoot: job.merkleRoot, ntime }, this.#target);
    this.link.send(
      sv2.submitStandard({ channelId: this.#channelId, sequence: this.#sequence, jobId, nonce, ntime, version }),
    );
  }

  #receive({ extensionType, msgType, payload }: Frame): void {
    const ofChannel = msgType >= sv2.NEW_MINING_JOB;
    must(extensionType === (ofChannel ? CHANNEL_MSG : 0), "the channel_msg bit is that of the table");
    switch (msgType) {
      case sv2.OPEN_STANDARD_SUCCESS: {
        const opened = sv2.readOpenStandardSuccess(payload);
        must(opened.requestId === REQUEST_ID, "the answer has its request id");
        this.#channelId = opened.channelId;
        this.#target = opened.target;
        return;
      }
      case sv2.NEW_MINING_JOB:
        return this.#job(sv2.readNewMiningJob(payload));
      case sv2.SET_NEW_PREV_HASH: {
        const on = sv2.readSetNewPrevHash(payload);
        const named = this.#jobs.filter(({ jobId, minNtime }) => jobId === on.jobId && minNtime === undefined);
        must(named.length <= 1, "no job id comes twice");
        this.#prevHash = on;
        const [job] = named;
        if (job !== undefined) this.#begin(job, on);
        return;
      }
      case sv2.SET_TARGET:
        this.#target = sv2.readSetTarget(payload).target;
        return;
      case sv2.SHARES_SUCCESS:
        this.accepted += sv2.readSharesSuccess(payload).count;
        return;
      case sv2.SHARES_ERROR:
        this.rejected.push(sv2.readSharesError(payload));
        return;
      default:
        must(false, `0x${msgType.toString(16)} came`);
    }
  }

  #job(job: sv2.StandardJob): void {
    if (job.minNtime === undefined) {
      this.#jobs.push(job);
      return;
    }
    must(this.#prevHash !== undefined, "no job but a future one comes before the first SetNewPrevHash");
    this.#begin(job, this.#prevHash);
  }

  #begin(job: sv2.StandardJob, on: sv2.PrevHash): void {
    this.#jobs = [job];
    this.#header = { job, on, ntime: this.#scene.nowSeconds + HEADER_TIME_AHEAD_SECONDS };
  }
}

describe("the SRI mining device", () => {
  it("sends a setup that names nothing, an open of request 10, and shares from sequence 1 on", async () => {
    const scene = await PoolScene.start({ hashrate: HASHRATE });
    const device = new MiningDevice(scene);
    await device.connect();
    await device.minesOn(scene.prevHash);
    device.share();
    const [setup = "", open = "", share = ""] = device.link.sent.map(toHex);
    // protocol 0, versions 2 to 2, flag 0, "127.0.0.1", port, four empty strings
    expect(setup).toBe(`000000190000000200020001000000093132372e302e302e31${portHex(scene.bench.port)}00000000`);
    // request 10, "alice", 1.25e6 as a float, any target
    expect(open).toBe(`0000102e00000a00000005616c69636580969849${"ff".repeat(32)}`);
    // channel_msg, 24 bytes, a channel, sequence 1
    expect(share).toMatch(/^00801a180000[0-9a-f]{8}01000000[0-9a-f]{32}$/);
  });

  it("mines over tips and refreshes with a header time a minute ahead, and never panics", async () => {
    const scene = await PoolScene.start({ hashrate: HASHRATE });
    const device = new MiningDevice(scene);
    await device.connect();
    await device.minesOn(scene.prevHash);
    for (let round = 0; round < 9; round += 1) {
      const { jobId } = device;
      if (round % 3 === 2) scene.tip();
      else scene.refresh();
      await device.until("another job", () => device.jobId > jobId);
      await device.minesOn(scene.prevHash);
      device.share();
      await scene.acknowledge(round);
      await device.until("the acknowledgement", () => device.accepted === round + 1);
    }
    expect(device.rejected).toEqual([]);
    expect(scene.complaints).toEqual([]);
  });

  it("has work on a new tip at once, though a refresh made it forget the job that was announced for it", async () => {
    const scene = await PoolScene.start({ hashrate: HASHRATE });
    const device = new MiningDevice(scene);
    await device.connect();
    await device.minesOn(scene.prevHash);
    const { jobId } = device;
    scene.refresh();
    await device.until("the refreshed job", () => device.jobId > jobId);
    await device.minesOn(scene.tip());
  });

  it("is not told by CloseChannel, which it does not survive, that nobody can be paid for it any more", async () => {
    const scene = await PoolScene.start({ hashrate: HASHRATE });
    const device = new MiningDevice(scene);
    await device.connect();
    await device.minesOn(scene.prevHash);
    const { jobId } = device;
    scene.goSolo();
    await expect(device.until("another job", () => device.jobId > jobId)).rejects.toThrow("the link was over");
    expect(scene.bench.logger.of("connection ended")).toMatchObject([{ reason: "payout-changed" }]);
  });

  it("is kept alive while the node is away, and goes on when that is back", async () => {
    const scene = await PoolScene.start({ hashrate: HASHRATE });
    const device = new MiningDevice(scene);
    await device.connect();
    await device.minesOn(scene.prevHash);
    scene.nodeIsAway();
    scene.bench.clock.advance(300_000);
    scene.nodeIsBack();
    await device.minesOn(scene.tip());
    device.share();
    await scene.acknowledge(0);
    await device.until("the acknowledgement", () => device.accepted === 1);
  });
});
