/** One connection in the model: the session, and what its client knows and waits for. */

import type { Moment } from "../../src/core/clock.ts";
import { RequestExtensions } from "../../src/wire/extension-messages.ts";
import { encodeFrame } from "../../src/wire/frame.ts";
import type { MessageDefinition } from "../../src/wire/message.ts";
import { SubmitSharesExtended, SubmitSharesStandard } from "../../src/wire/share-messages.ts";
import { must } from "../support/must.ts";
import { withTlvs, workerTlv } from "../support/tlv.ts";
import type { ModelChannel, ModelShare } from "./model-channel.ts";
import { ModelClient } from "./model-client.ts";
import { MODEL_OPTIONS, type ModelPool } from "./model-pool.ts";
import { SessionHarness } from "./session-fixture.ts";

export type Setting = {
  readonly noise: boolean;
  readonly requiresStandardJobs: boolean;
  /** Asks for extensions right after the setup, as proxies do. */
  readonly namesWorkers: boolean;
};

const NEVER_MS = 1e12;

export class ModelConnection {
  readonly harness: SessionHarness;
  readonly client: ModelClient;
  readonly setting: Setting;
  readonly #pool: ModelPool;
  #lastSequenceNumber = 0;
  #lastRequestId = 0;
  /** The rest of a frame, and what its arrival means. */
  #tail: { readonly bytes: Uint8Array; readonly arrived: () => void } | undefined;
  #ended: string | undefined;

  constructor(pool: ModelPool, connectionId: string, setting: Setting) {
    this.#pool = pool;
    this.setting = setting;
    const { requiresStandardJobs } = setting;
    this.harness = new SessionHarness(pool, {
      connectionId,
      timeouts: { handshakeMs: NEVER_MS, setupMs: NEVER_MS, noChannelMs: NEVER_MS },
      now: pool.clock.now(),
    });
    this.harness.now = pool.clock.now();
    this.client = new ModelClient({
      maxChannels: MODEL_OPTIONS.maxChannelsPerConnection,
      requiresStandardJobs,
      claimPrefix: (prefix) => pool.claimPrefix(prefix),
      count: (what) => pool.count(what),
      payeeOf: (userIdentity) => pool.payouts.payeeOf(userIdentity),
    });
    if (setting.noise) this.harness.shakeHands();
    this.harness.setup({ flags: requiresStandardJobs ? 1 : 0 });
    if (setting.namesWorkers) this.requestExtensions([1, 2]);
  }

  get now(): Moment {
    return this.#pool.clock.now();
  }

  get over(): boolean {
    return this.harness.ended !== undefined;
  }

  nextSequenceNumber(): number {
    this.#lastSequenceNumber += 1;
    return this.#lastSequenceNumber;
  }

  nextRequestId(): number {
    this.#lastRequestId += 1;
    return this.#lastRequestId;
  }

  /** Asks for these. @returns whether any has to be granted. */
  requestExtensions(wanted: readonly number[]): boolean {
    this.finish();
    const request_id = this.nextRequestId();
    const granted = this.client.extensions.ask(request_id, wanted);
    this.send(RequestExtensions, { request_id, requested_extensions: wanted });
    return granted;
  }

  /** Sends a whole frame. */
  send<T>(definition: MessageDefinition<T>, message: T): void {
    this.sendBytes(encodeFrame(definition, message));
  }

  sendBytes(frame: Uint8Array): void {
    this.finish();
    this.harness.now = this.now;
    this.harness.receive(this.harness.sealed(frame));
  }

  /** Sends a share, or the beginning of its frame: the rest comes before whatever is sent next. */
  share(channel: ModelChannel, share: ModelShare, cut: number): void {
    this.finish();
    const { channelId } = channel;
    const { sequenceNumber, jobId, nonce, ntime, version, extranonce } = share;
    const fields = { channel_id: channelId, sequence_number: sequenceNumber, job_id: jobId, nonce, ntime, version };
    // In that form alone a share can name its worker.
    const extended = extranonce.length > 0 || channel.kind === "extended";
    const frame = extended
      ? encodeFrame(SubmitSharesExtended, { ...fields, extranonce })
      : encodeFrame(SubmitSharesStandard, fields);
    const name = extended ? share.name : "";
    // Both byte orders are about: no client changes its own, but the pool has to read each by itself.
    const order = sequenceNumber % 2 === 0 ? "little-endian" : "big-endian";
    const bytes = this.harness.sealed(name === "" ? frame : withTlvs(frame, workerTlv(name, order)));
    const first = Math.floor((bytes.length * cut) / 100);
    this.harness.now = this.now;
    this.harness.receive(bytes.slice(0, first));
    this.#tail = {
      bytes: bytes.slice(first),
      arrived: () => {
        const read = this.client.extensions.workers ? name : "";
        if (channel.open) channel.receive(share, read, this.now.wallMs);
        else this.client.refusals.push(`share ${channelId} ${sequenceNumber} invalid-channel-id`);
      },
    };
    if (first === bytes.length) this.finish();
  }

  /** What is missing of a frame arrives. */
  finish(): void {
    const tail = this.#tail;
    if (tail === undefined) return;
    this.#tail = undefined;
    this.harness.now = this.now;
    tail.arrived();
    this.harness.receive(tail.bytes);
  }

  /** The client hears what it was sent. */
  listen(): void {
    if (this.#ended !== undefined) {
      must(this.harness.frames().length === 0, "nothing is sent once a connection has ended");
      return;
    }
    for (const frame of this.harness.frames()) this.client.see(frame, this.now.monotonicMs);
    this.#ended = this.harness.ended;
    if (this.over) this.client.closeAll();
  }
}
