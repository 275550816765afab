import { describe, expect, it } from "vitest";
import { bytesEqual, toHex } from "../../src/core/bytes.ts";
import { CHANNEL_MSG, type Frame, portHex } from "./bytes.ts";
import { findNonce, numberOf } from "./hashing.ts";
import * as sv2 from "./messages.ts";
import { NoiseLink } from "./noise-link.ts";
import { PoolScene } from "./pool-scene.ts";

const REQUEST_ID = 1;
const HASHRATE = 9.5e13;

type Work = { readonly job: sv2.StandardJob; readonly on: sv2.PrevHash; readonly target: Uint8Array };

/** Its source is closed: this keeps to the specification, and to what is known of where it differs. */
class BraiinsOs {
  readonly #scene: PoolScene;
  #link: NoiseLink | undefined;
  readonly #future = new Map<number, sv2.StandardJob>();
  #on: sv2.PrevHash | undefined;
  #opened: sv2.Opened | undefined;
  #work: Work | undefined;
  #sequence = 0;
  target: Uint8Array = new Uint8Array(0);
  accepted = 0;
  readonly rejected: sv2.Rejected[] = [];
  /** Where Reconnect sent it. */
  sentTo: { readonly host: string; readonly port: number } | undefined;

  constructor(scene: PoolScene) {
    this.#scene = scene;
  }

  get link(): NoiseLink {
    if (this.#link === undefined) throw new Error("it is not connected");
    return this.#link;
  }

  get work(): Work {
    if (this.#work === undefined) throw new Error("it has no work");
    return this.#work;
  }

  /** With the URL that the pool prints: `stratum2+tcp://host:port/key`. */
  async connect(): Promise<void> {
    this.#work = undefined;
    this.#sequence = 0;
    const url = /^stratum2\+tcp:\/\/(?<host>[\d.]+):(?<port>\d+)\/[1-9A-HJ-NP-Za-km-z]+$/.exec(this.#scene.url)?.groups;
    const { host, port } = this.sentTo ?? { host: url?.host ?? "", port: Number(url?.port) };
    expect(host).toBe("127.0.0.1");
    this.#link = await NoiseLink.open(this.#scene.link({ maxPayloadBytes: 0xffffff, port }));
    this.link.send(sv2.setupConnection({ flags: 1, host, port, vendor: "Braiins", hardware: "Antminer S19" }));
    expect((await this.link.next("SetupConnection.Success")).msgType).toBe(sv2.SETUP_SUCCESS);
    this.link.send(sv2.openStandard({ requestId: REQUEST_ID, user: "alice.s19", hashrate: HASHRATE }));
  }

  /** It announces another hashrate. */
  update(hashrate: number): void {
    this.link.send(sv2.updateChannel(this.#opened?.channelId ?? 0, hashrate, sv2.ANY_TARGET));
  }

  async until(what: string, condition: () => boolean): Promise<void> {
    while (!condition()) this.#receive(await this.link.next(what));
  }

  async minesOn(prevHash: Uint8Array): Promise<void> {
    await this.until("work", () => this.#work !== undefined && bytesEqual(this.#work.on.prevHash, prevHash));
  }

  /** A share of `work` with the version rolled. @param above which its hash has to be. */
  share(work: Work, above?: Uint8Array): void {
    const { job, on, target } = work;
    this.#sequence += 1;
    const ntime = job.minNtime ?? on.minNtime;
    const version = (job.version | (this.#sequence << 13)) >>> 0;
    const nonce = findNonce({ ...on, version, merkleRoot: job.merkleRoot, ntime }, target, above);
    const channelId = this.#opened?.channelId ?? 0;
    this.link.send(
      sv2.submitStandard({ channelId, sequence: this.#sequence, jobId: job.jobId, nonce, ntime, version }),
    );
  }

  #receive({ extensionType, msgType, payload }: Frame): void {
    switch (msgType) {
      case sv2.OPEN_STANDARD_SUCCESS:
        this.#opened = sv2.readOpenStandardSuccess(payload);
        expect(this.#opened.requestId).toBe(REQUEST_ID);
        this.target = this.#opened.target;
        return;
      case sv2.NEW_MINING_JOB: {
        // Without the bit it drops the job.
        if (extensionType !== CHANNEL_MSG) return;
        const job = sv2.readNewMiningJob(payload);
        if (job.minNtime === undefined) this.#future.set(job.jobId, job);
        else if (this.#on !== undefined) this.#work = { job, on: this.#on, target: this.target };
        return;
      }
      case sv2.SET_NEW_PREV_HASH: {
        this.#on = sv2.readSetNewPrevHash(payload);
        const job = this.#future.get(this.#on.jobId);
        this.#future.clear();
        if (job !== undefined) this.#work = { job, on: this.#on, target: this.target };
        return;
      }
      case sv2.SET_TARGET:
        this.target = sv2.readSetTarget(payload).target;
        return;
      case sv2.SHARES_SUCCESS:
        this.accepted += sv2.readSharesSuccess(payload).count;
        return;
      case sv2.RECONNECT:
        expect(extensionType).toBe(0);
        this.sentTo = sv2.readReconnect(payload);
        return;
      case sv2.SHARES_ERROR:
        this.rejected.push(sv2.readSharesError(payload));
        return;
      default:
        throw new Error(`0x${msgType.toString(16)} came`);
    }
  }
}

async function connected(): Promise<[PoolScene, BraiinsOs]> {
  const scene = await PoolScene.start({ hashrate: HASHRATE });
  const miner = new BraiinsOs(scene);
  await miner.connect();
  await miner.minesOn(scene.prevHash);
  return [scene, miner];
}

describe("Braiins OS", () => {
  it("sends a setup with the flag for standard jobs, an open and shares of the channel that it was given", async () => {
    const [scene, miner] = await connected();
    miner.share(miner.work);
    const [setup = "", open = "", share = ""] = miner.link.sent.map(toHex);
    // protocol 0, versions 2 to 2, flag 0, "127.0.0.1", port, "Braiins", "Antminer S19", two empty strings
    const names = "0742726169696e730c416e746d696e6572205331390000";
    expect(setup).toBe(`0000002c0000000200020001000000093132372e302e302e31${portHex(scene.bench.port)}${names}`);
    // request 1, "alice.s19", 9.5e13 as a float, any target
    expect(open).toBe(`0000103200000100000009616c6963652e733139d3cdac56${"ff".repeat(32)}`);
    // channel_msg, 24 bytes, a channel, sequence 1
    expect(share).toMatch(/^00801a180000[0-9a-f]{8}01000000[0-9a-f]{32}$/);
  });

  it("connects by the pool's URL, and mines over tips and refreshes", async () => {
    const [scene, miner] = await connected();
    for (let round = 0; round < 6; round += 1) {
      const { jobId } = miner.work.job;
      if (round % 2 === 0) scene.tip();
      else scene.refresh();
      await miner.until("another job", () => miner.work.job.jobId > jobId);
      await miner.minesOn(scene.prevHash);
      miner.share(miner.work);
      await scene.acknowledge(round);
      await miner.until("the acknowledgement", () => miner.accepted === round + 1);
    }
    expect(miner.rejected).toEqual([]);
  });

  it("has its last share acknowledged before the pool stops, and goes to the pool that Reconnect names", async () => {
    const other = await PoolScene.start({ hashrate: HASHRATE });
    const reconnectTo = { host: "127.0.0.1", port: other.bench.port };
    const scene = await PoolScene.start({ hashrate: HASHRATE, stratum: { reconnectTo } });
    const miner = new BraiinsOs(scene);
    await miner.connect();
    await miner.minesOn(scene.prevHash);
    miner.share(miner.work);
    await scene.stop(0, 1);
    await miner.until("where to go", () => miner.sentTo !== undefined);
    expect(miner.accepted).toBe(1);
    expect(miner.sentTo).toEqual(reconnectTo);
    await miner.link.ended;
    expect(miner.link.unread).toBe(0);
    await miner.connect();
    await miner.minesOn(other.prevHash);
    miner.share(miner.work);
    await other.acknowledge(0);
    await miner.until("the acknowledgement", () => miner.accepted === 2);
    expect(other.bench.service.connections).toBe(1);
  });

  it("has shares of its running job judged by that job's own target after its target became harder", async () => {
    const [scene, miner] = await connected();
    const { work } = miner;
    miner.update(HASHRATE * 16);
    await miner.until("the harder target", () => numberOf(miner.target) < numberOf(work.target));
    // Good for the job, not for the new target.
    miner.share(work, miner.target);
    await scene.acknowledge(0);
    await miner.until("the acknowledgement", () => miner.accepted === 1);
    // The next job has the harder one.
    scene.refresh();
    await miner.until("another job", () => miner.work.job.jobId > work.job.jobId);
    miner.share({ ...miner.work, target: work.target }, miner.target);
    await miner.until("the answer", () => miner.rejected.length > 0);
    expect(miner.rejected).toMatchObject([{ sequence: 2, code: "difficulty-too-low" }]);
  });
});
