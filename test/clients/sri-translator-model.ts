/**
 * The SRI translator's side of its upstream (translator_sv2 0.6, channels_sv2 8): the same channels, groups, future jobs
 * and tips, by the same rules. Where it would fall back to another pool, or exit where it has none, this throws.
 */

import { bytesEqual, concatBytes } from "../../src/core/bytes.ts";
import { CHANNEL_MSG, type Frame } from "./bytes.ts";
import { findNonce, merkleRoot, numberOf } from "./hashing.ts";
import * as sv2 from "./messages.ts";
import { NoiseLink } from "./noise-link.ts";
import type { PoolScene } from "./pool-scene.ts";

const VENDOR = "SRI";
const HARDWARE = "Translator Proxy";
/** REQUIRES_VERSION_ROLLING. */
const FLAGS = 0b100;
/** Its default for `downstream_extranonce2_size`. */
const DOWNSTREAM_EXTRANONCE_BYTES = 4;
/** What it adds where it puts all its miners on one channel. */
const AGGREGATED_BYTES = 2;
const GRACE_SECONDS = 10;
const MAX_FUTURE_JOBS = 16;
const MAX_EXTRANONCE_BYTES = 32;
/** Addresses all of its miners: no channel of the pool may have it. */
const AGGREGATED_CHANNEL_ID = 0xffffffff;
const CHANNEL_MESSAGES = { first: 0x15, last: 0x24 };
/** Its default for `min_individual_miner_hashrate`. */
export const MINER_HASHRATE = 1e13;

type Channel = {
  readonly opened: sv2.Opened;
  target: Uint8Array;
  readonly futureJobs: Map<number, ActiveJob>;
  active: ActiveJob | undefined;
  tip: sv2.PrevHash | undefined;
  sequence: number;
  acknowledged: number;
};

type ActiveJob = { readonly job: sv2.ExtendedJob; readonly minNtime: number; readonly target: Uint8Array };

type Group = { readonly members: Set<number>; readonly extranonceBytes: number; futureJobs: number[] };

function must(condition: boolean, rule: string): asserts condition {
  if (!condition) throw new Error(`the translator gives the pool up: ${rule}`);
}

export class SriTranslator {
  readonly #scene: PoolScene;
  readonly #aggregated: boolean;
  readonly #extensions: readonly number[];
  #link: NoiseLink | undefined;
  readonly channels = new Map<number, Channel>();
  readonly #groups = new Map<number, Group>();
  /** What is still under way to them is ignored. */
  readonly #closed = new Set<number>();
  #requests = 0;
  readonly rejected: sv2.Rejected[] = [];
  /** Messages that were sent to a group. */
  groupMessages = 0;
  /** SetTarget messages that came. */
  targets = 0;

  /** @param options with the extensions that it is configured to require: none, as a rule. */
  constructor(scene: PoolScene, options: { readonly aggregated: boolean; readonly extensions?: readonly number[] }) {
    this.#scene = scene;
    this.#aggregated = options.aggregated;
    this.#extensions = options.extensions ?? [];
  }

  get link(): NoiseLink {
    must(this.#link !== undefined, "it is connected");
    return this.#link;
  }

  /** @param clockOffSeconds how far its clock is ahead of the pool's. */
  async connect(clockOffSeconds = 0): Promise<void> {
    const { port } = this.#scene.bench;
    this.#link = await NoiseLink.open(
      this.#scene.link({
        maxPayloadBytes: 0xffffff,
        graceSeconds: GRACE_SECONDS,
        nowSeconds: this.#scene.nowSeconds + clockOffSeconds,
      }),
    );
    this.link.send(sv2.setupConnection({ flags: FLAGS, host: "127.0.0.1", port, vendor: VENDOR, hardware: HARDWARE }));
    const answer = await this.link.next("SetupConnection.Success");
    must(answer.msgType === sv2.SETUP_SUCCESS, "the setup is accepted");
    must(sv2.readSetupSuccess(answer.payload).version === 2, "the version is 2");
    if (this.#extensions.length > 0) await this.#negotiate();
  }

  /** It waits for the answer before it does anything else. */
  async #negotiate(): Promise<void> {
    const requestId = 1;
    this.link.send(sv2.requestExtensions(requestId, this.#extensions));
    const { extensionType, msgType, payload } = await this.link.next("RequestExtensions.Success");
    must(extensionType === sv2.EXTENSIONS_NEGOTIATION, "the answer is of the extension's own, without channel_msg");
    must(msgType === sv2.REQUEST_EXTENSIONS_SUCCESS, "its request for extensions is not refused");
    const answer = sv2.readRequestExtensionsSuccess(payload);
    must(answer.requestId === requestId, "the answer to its request for extensions has the id of that");
    must(
      this.#extensions.every((extension) => answer.supported.includes(extension)),
      "all that it requires is supported",
    );
  }

  /** One of its miners came: another channel. @returns its id. */
  async open(maxTarget: Uint8Array = sv2.ANY_TARGET): Promise<number> {
    this.#requests += 1;
    const user = this.#aggregated ? "alice.translator-proxy" : `alice.miner${this.#requests}`;
    const minExtranonce = DOWNSTREAM_EXTRANONCE_BYTES + (this.#aggregated ? AGGREGATED_BYTES : 0);
    const before = new Set(this.channels.keys());
    this.link.send(
      sv2.openExtended({ requestId: this.#requests, user, hashrate: MINER_HASHRATE, maxTarget, minExtranonce }),
    );
    await this.until("the channel", () => this.channels.size > before.size);
    const id = [...this.channels.keys()].find((channelId) => !before.has(channelId));
    must(id !== undefined, "the channel has an id of its own");
    return id;
  }

  /** One of its miners went away. */
  close(channelId: number): void {
    this.link.send(sv2.closeChannel(channelId, "downstream disconnected"));
    this.channels.delete(channelId);
    this.#closed.add(channelId);
    for (const { members } of this.#groups.values()) members.delete(channelId);
  }

  /** Its own difficulty control found another hashrate. */
  update(channelId: number, hashrate: number): void {
    this.link.send(sv2.updateChannel(channelId, hashrate, sv2.ANY_TARGET));
  }

  /** Takes frames until `condition` holds. */
  async until(what: string, condition: () => boolean): Promise<void> {
    while (!condition()) this.#receive(await this.link.next(what));
  }

  /** Takes frames until each of its miners works on that block, with all its transactions. */
  async minesOn(prevHash: Uint8Array): Promise<void> {
    await this.until("work on the tip", () =>
      [...this.channels.values()].every(({ tip, active }) => {
        return tip !== undefined && bytesEqual(tip.prevHash, prevHash) && active?.job.merklePath.length === 3;
      }),
    );
  }

  /** Takes frames until each of its miners has another job than `jobIds` says. */
  async movesOn(jobIds: ReadonlyMap<number, number>): Promise<void> {
    await this.until("another job", () =>
      [...this.channels].every(([id, { active }]) => active !== undefined && active.job.jobId !== jobIds.get(id)),
    );
  }

  /** What each of its miners works on. */
  get jobIds(): Map<number, number> {
    return new Map([...this.channels].map(([id, { active }]) => [id, active?.job.jobId ?? 0]));
  }

  channel(id: number): Channel {
    const channel = this.channels.get(id);
    must(channel !== undefined, `there is a channel ${id}`);
    return channel;
  }

  /**
   * One of its miners found a share: with the version rolled, and bytes of its own in the extranonce.
   * @param worker as that miner logged in, where extension 0x0002 is agreed on.
   */
  share(channelId: number, worker?: string): void {
    const channel = this.channel(channelId);
    const { active, tip, opened } = channel;
    must(active !== undefined && tip !== undefined, "its miner has work");
    const { job, minNtime: ntime, target } = active;
    channel.sequence += 1;
    const extranonce = new Uint8Array(opened.rollable).fill(0x5e);
    const coinbase = concatBytes(job.prefix, opened.prefix, extranonce, job.suffix);
    const version = (job.version | (channel.sequence << 13)) >>> 0;
    const { prevHash, bits } = tip;
    const nonce = findNonce(
      { version, prevHash, merkleRoot: merkleRoot(coinbase, job.merklePath), ntime, bits },
      target,
    );
    const share = { channelId, sequence: channel.sequence, jobId: job.jobId, nonce, ntime, version };
    const tlvs = worker === undefined ? [] : [sv2.workerField(worker)];
    this.link.send(sv2.submitExtended(share, extranonce, ...tlvs));
  }

  #receive({ extensionType, msgType, payload }: Frame): void {
    const ofChannel = msgType >= CHANNEL_MESSAGES.first && msgType <= CHANNEL_MESSAGES.last;
    must(
      extensionType === (ofChannel ? CHANNEL_MSG : 0),
      `0x${msgType.toString(16)} has the channel_msg bit it should`,
    );
    switch (msgType) {
      case sv2.OPEN_EXTENDED_SUCCESS:
        return this.#opened(sv2.readOpenExtendedSuccess(payload));
      case sv2.NEW_EXTENDED_MINING_JOB:
        return this.#job(sv2.readNewExtendedMiningJob(payload));
      case sv2.SET_NEW_PREV_HASH:
        return this.#newPrevHash(sv2.readSetNewPrevHash(payload));
      case sv2.SET_TARGET: {
        const { channelId, target } = sv2.readSetTarget(payload);
        must(numberOf(target) > 0n, "no target is zero");
        for (const channel of this.#addressed(channelId)) channel.target = target;
        this.targets += 1;
        return;
      }
      case sv2.SHARES_SUCCESS: {
        const { channelId, count } = sv2.readSharesSuccess(payload);
        this.channel(channelId).acknowledged += count;
        return;
      }
      case sv2.SHARES_ERROR:
        this.rejected.push(sv2.readSharesError(payload));
        return;
      default:
        // An Open error makes it fall back, Reconnect abort, CloseChannel costs it miners; others are none that it uses.
        must(false, `0x${msgType.toString(16)} came`);
    }
  }

  #opened(opened: sv2.Opened): void {
    const { channelId, groupId, rollable, prefix, target } = opened;
    const asked = DOWNSTREAM_EXTRANONCE_BYTES + (this.#aggregated ? AGGREGATED_BYTES : 0);
    must(opened.requestId === this.#requests, "the answer has the id of its request");
    must(channelId !== AGGREGATED_CHANNEL_ID && groupId !== AGGREGATED_CHANNEL_ID, "no id is all ones");
    must(channelId !== groupId, "a channel is not its own group");
    must(!this.channels.has(channelId) && !this.#groups.has(channelId), "the channel's id is new");
    must(!this.channels.has(groupId), "no group has a channel's id");
    must(rollable >= asked, "no less extranonce than it asked for");
    must(prefix.length + rollable <= MAX_EXTRANONCE_BYTES, "an extranonce has at most 32 bytes");
    must(numberOf(target) > 0n, "no target is zero");
    const extranonceBytes = prefix.length + rollable;
    const group = this.#groups.get(groupId) ?? { members: new Set(), extranonceBytes, futureJobs: [] };
    must(group.extranonceBytes === extranonceBytes, "all of a group have the same extranonce size");
    group.members.add(channelId);
    this.#groups.set(groupId, group);
    const fresh = { futureJobs: new Map(), active: undefined, tip: undefined, sequence: 0, acknowledged: 0 };
    this.channels.set(channelId, { opened, target, ...fresh });
  }

  #addressed(id: number): Channel[] {
    const group = this.#groups.get(id);
    if (this.#closed.has(id)) return [];
    if (group === undefined) return [this.channel(id)];
    this.groupMessages += 1;
    return [...group.members].map((member) => this.channel(member));
  }

  #job(job: sv2.ExtendedJob): void {
    const { channelId, jobId, minNtime } = job;
    must(job.versionRolling, "version rolling is allowed, as it asked in its setup");
    if (minNtime === undefined) {
      const group = this.#groups.get(channelId);
      if (group !== undefined) group.futureJobs = [...group.futureJobs, jobId].slice(-MAX_FUTURE_JOBS);
    }
    for (const channel of this.#addressed(channelId)) {
      const { tip, target, futureJobs } = channel;
      if (minNtime === undefined) {
        futureJobs.set(jobId, { job, minNtime: 0, target });
        for (const oldest of futureJobs.keys()) if (futureJobs.size > MAX_FUTURE_JOBS) futureJobs.delete(oldest);
        continue;
      }
      must(
        tip === undefined || minNtime >= tip.minNtime,
        "no job's min_ntime is below that of the last SetNewPrevHash",
      );
      channel.active = { job, minNtime, target };
    }
  }

  #newPrevHash(message: sv2.PrevHash): void {
    const { channelId, jobId, minNtime } = message;
    const group = this.#groups.get(channelId);
    if (group !== undefined) {
      must(group.futureJobs.includes(jobId), "SetNewPrevHash goes to the group that got the future job it names");
      group.futureJobs = [];
    }
    for (const channel of this.#addressed(channelId)) {
      const named = channel.futureJobs.get(jobId);
      must(named !== undefined, "SetNewPrevHash names a future job that each channel got");
      channel.futureJobs.clear();
      channel.active = { ...named, minNtime };
      channel.tip = message;
    }
  }
}
