/**
 * A Bitaxe as its firmware behaves (ESP-Miner, SV2 of 2026-08) and, with other strings, a NerdQAxe: the same frames, the
 * same jobs (`bitaxe-jobs.ts`), the same way to mine. It throws where the firmware would drop the link, hash for
 * nothing or corrupt its memory, and where it is sent what it cannot use.
 */

import { concatBytes } from "../../src/core/bytes.ts";
import { BitaxeJobs, must, VERSION_MASK, type Work } from "./bitaxe-jobs.ts";
import { CHANNEL_MSG, type Frame } from "./bytes.ts";
import { findNonce, type HeaderFields, merkleRoot } from "./hashing.ts";
import * as sv2 from "./messages.ts";
import { NoiseLink } from "./noise-link.ts";
import type { PoolScene } from "./pool-scene.ts";

const MAX_PAYLOAD_BYTES = 8_192;
const MAX_MERKLE_BRANCHES = 20;
const HANDSHAKE_TIMEOUT_MS = 10_000;
const READ_TIMEOUT_MS = 180_000;
const REQUEST_ID = 1;
/** Whatever the chip. */
const HASHRATE = 1e12;

export type BitaxeOptions = {
  readonly kind: "standard" | "extended";
  readonly vendor?: string;
  readonly chip?: string;
  readonly minExtranonce?: number;
  /** How long its chip computes for the handshake. */
  readonly handshakeMs?: number;
};

/** What a share is made with, where it is not the best that the device knows. */
export type ShareWish = { readonly work?: Work; readonly target?: Uint8Array; readonly above?: Uint8Array };

export class BitaxeDevice {
  readonly #scene: PoolScene;
  readonly #options: Required<BitaxeOptions>;
  #link: NoiseLink | undefined;
  #opened: sv2.Opened | undefined;
  #jobs = new BitaxeJobs();
  #sequence = 0;
  #extranonce = 0;
  #lastHeardMs = 0;
  /** Kinds of messages in the order in which they came. */
  readonly heard: number[] = [];
  readonly acknowledged: sv2.Acknowledged[] = [];
  readonly rejected: sv2.Rejected[] = [];

  constructor(scene: PoolScene, options: BitaxeOptions) {
    this.#scene = scene;
    this.#options = { vendor: "bitaxe", chip: "BM1370", minExtranonce: 2, handshakeMs: 0, ...options };
  }

  get link(): NoiseLink {
    must(this.#link !== undefined, "it is connected");
    return this.#link;
  }

  get opened(): sv2.Opened {
    must(this.#opened !== undefined, "its channel is open");
    return this.#opened;
  }

  /** What its chips work on. */
  get work(): Work {
    const { work } = this.#jobs;
    must(work !== undefined, "it has work");
    return work;
  }

  /** The target that the next job will have. */
  get target(): Uint8Array {
    return this.#jobs.target;
  }

  /** Connects and opens its channel; `strayShare` is sent before that, as after a reconnect. */
  async connect(strayShare?: () => Uint8Array): Promise<void> {
    const { clock } = this.#scene.bench;
    const begunMs = clock.monotonicMs();
    this.#reset();
    const beforeActOne = this.#scene.computing(this.#options.handshakeMs);
    this.#link = await NoiseLink.open(this.#scene.link({ maxPayloadBytes: MAX_PAYLOAD_BYTES, beforeActOne }));
    must(clock.monotonicMs() - begunMs < HANDSHAKE_TIMEOUT_MS, "the handshake takes less than 10 s");
    this.#lastHeardMs = clock.monotonicMs();
    this.link.send(this.setupFrame());
    const setup = await this.#frame("SetupConnection.Success");
    must(setup.msgType === sv2.SETUP_SUCCESS, "the setup is accepted");
    must(sv2.readSetupSuccess(setup.payload).version === 2, "the version is 2");
    if (strayShare !== undefined) this.link.send(strayShare());
    this.link.send(this.openFrame());
    this.#open(await this.#frame("the answer to the open"));
  }

  setupFrame(): Uint8Array {
    const { kind, vendor, chip } = this.#options;
    const flags = kind === "standard" ? 0x01 : 0x00;
    return sv2.setupConnection({ flags, host: "127.0.0.1", port: this.#scene.bench.port, vendor, hardware: chip });
  }

  openFrame(): Uint8Array {
    const { kind, minExtranonce } = this.#options;
    const open = { requestId: REQUEST_ID, user: "alice.bitaxe1", hashrate: HASHRATE };
    return kind === "standard" ? sv2.openStandard(open) : sv2.openExtended({ ...open, minExtranonce });
  }

  /** Takes frames until `condition` holds. */
  async until(what: string, condition: () => boolean): Promise<void> {
    while (!condition()) this.#receive(await this.#frame(what));
  }

  /** Takes frames until its chips work on that block, with a job of so many merkle branches where it sees them. */
  async minesOn(prevHash: Uint8Array, branches = 3): Promise<void> {
    const on = Buffer.from(prevHash);
    await this.until("work on the tip", () => {
      const { work } = this.#jobs;
      return work !== undefined && on.equals(work.prevHash) && (work.branches ?? branches) === branches;
    });
  }

  /** Takes the next frame of the pool, of whatever kind. */
  async hears(): Promise<void> {
    this.#receive(await this.#frame("a sign of life"));
  }

  /** Finds a share and sends it. Its version is rolled, its time never. @returns its sequence number. */
  share(wish: ShareWish = {}): number {
    const { work = this.work } = wish;
    const { jobId, ntime } = work;
    const extranonce = this.#nextExtranonce();
    const rolled = ((this.#sequence + 1) << 13) & VERSION_MASK;
    const version = (work.version | rolled) >>> 0;
    const header: HeaderFields = { ...work, version, merkleRoot: work.root(extranonce) };
    const nonce = findNonce(header, wish.target ?? work.target, wish.above);
    const sequence = this.#sequence++;
    const share = { channelId: this.opened.channelId, sequence, jobId, nonce, ntime, version };
    this.link.send(
      this.#options.kind === "standard" ? sv2.submitStandard(share) : sv2.submitExtended(share, extranonce),
    );
    return sequence;
  }

  /** It loses a share between its chip and its socket: the number is spent. */
  skipSequence(): void {
    this.#sequence += 1;
  }

  /** A share of the connection before, found while the channel of this one is not open yet. */
  strayShare(): Uint8Array {
    const sequence = this.#sequence++;
    const share = { channelId: 0, sequence, jobId: 1, nonce: 7, ntime: 1_700_000_000, version: 0x20006000 };
    return this.#options.kind === "standard" ? sv2.submitStandard(share) : sv2.submitExtended(share, new Uint8Array(0));
  }

  #reset(): void {
    this.#opened = undefined;
    this.#jobs = new BitaxeJobs();
    this.#sequence = 0;
    this.#extranonce = 0;
    this.heard.length = 0;
  }

  #nextExtranonce(): Uint8Array {
    const bytes = new Uint8Array(this.opened.rollable);
    for (let at = bytes.length - 1, left = this.#extranonce++; at >= 0; at -= 1, left >>>= 8) bytes[at] = left & 0xff;
    return bytes;
  }

  async #frame(what: string): Promise<Frame> {
    const frame = await this.link.next(what);
    const nowMs = this.#scene.bench.clock.monotonicMs();
    must(nowMs - this.#lastHeardMs <= READ_TIMEOUT_MS, "the pool is never silent for 180 s");
    this.#lastHeardMs = nowMs;
    this.heard.push(frame.msgType);
    return frame;
  }

  #open(frame: Frame): void {
    const extended = this.#options.kind === "extended";
    const wanted = extended ? sv2.OPEN_EXTENDED_SUCCESS : sv2.OPEN_STANDARD_SUCCESS;
    must(frame.msgType === wanted, "the frame after its Open is the matching Success");
    const read = extended ? sv2.readOpenExtendedSuccess : sv2.readOpenStandardSuccess;
    const opened = read(frame.payload);
    must(opened.requestId === REQUEST_ID, "the answer has its request id");
    must(opened.rollable + opened.prefix.length <= 32, "an extranonce has at most 32 bytes");
    if (extended) must(opened.rollable >= this.#options.minExtranonce, "it can roll as many bytes as it asked for");
    this.#opened = opened;
    this.#jobs.target = opened.target;
  }

  #receive({ extensionType, msgType, payload }: Frame): void {
    // It knows no Reconnect, and ignores it.
    if (msgType === sv2.RECONNECT) return;
    must(extensionType === CHANNEL_MSG, `a message 0x${msgType.toString(16)} has the channel_msg bit`);
    must(
      !this.#jobs.wantPrevHash || msgType === sv2.SET_NEW_PREV_HASH,
      "a second future job is followed by its prev hash",
    );
    switch (msgType) {
      case sv2.NEW_MINING_JOB: {
        must(this.#options.kind === "standard", "a standard job on an extended channel corrupts its memory");
        const job = sv2.readNewMiningJob(payload);
        return this.#jobs.take(job.minNtime, { ...job, root: () => job.merkleRoot, branches: undefined });
      }
      case sv2.NEW_EXTENDED_MINING_JOB: {
        must(this.#options.kind === "extended", "an extended job on a standard channel corrupts its memory");
        const job = sv2.readNewExtendedMiningJob(payload);
        const { merklePath, prefix, suffix } = job;
        must(merklePath.length <= MAX_MERKLE_BRANCHES, "a job has at most 20 merkle branches");
        must(prefix[4] === 1, "the coinbase has no BIP141 marker");
        const coinbase = (rolled: Uint8Array) => concatBytes(prefix, this.opened.prefix, rolled, suffix);
        const root = (rolled: Uint8Array) => merkleRoot(coinbase(rolled), merklePath);
        return this.#jobs.take(job.minNtime, { ...job, root, branches: merklePath.length });
      }
      case sv2.SET_NEW_PREV_HASH:
        return this.#jobs.start(sv2.readSetNewPrevHash(payload));
      case sv2.SET_TARGET:
        this.#jobs.target = sv2.readSetTarget(payload).target;
        return;
      case sv2.SHARES_SUCCESS: {
        const acknowledged = sv2.readSharesSuccess(payload);
        must(acknowledged.count <= this.#sequence, "no more shares are acknowledged than it sent: it loops over them");
        must(acknowledged.lastSequence < this.#sequence, "what is acknowledged was sent");
        this.acknowledged.push(acknowledged);
        return;
      }
      case sv2.SHARES_ERROR:
        this.rejected.push(sv2.readSharesError(payload));
        return;
      default:
        must(false, `a message 0x${msgType.toString(16)} is none that it knows`);
    }
  }
}
