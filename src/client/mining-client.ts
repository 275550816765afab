/**
 * One mining channel on one connection, without I/O: sets the connection up, opens the channel, follows jobs and
 * targets, submits shares and counts what the pool answers. SV2 §3.6, §5.3.
 */

import {
  CloseChannel,
  OpenExtendedMiningChannelSuccess,
  OpenMiningChannelError,
  OpenStandardMiningChannelSuccess,
  SetExtranoncePrefix,
  SetGroupChannel,
} from "../wire/channel-messages.ts";
import { Reconnect, SetupConnectionError, SetupConnectionSuccess } from "../wire/common-messages.ts";
import { encodeFrame, type FrameHeader } from "../wire/frame.ts";
import { NewExtendedMiningJob, NewMiningJob, SetNewPrevHash, SetTarget } from "../wire/job-messages.ts";
import { decodeMessage, type MessageDefinition } from "../wire/message.ts";
import {
  SubmitSharesError,
  SubmitSharesExtended,
  SubmitSharesStandard,
  SubmitSharesSuccess,
} from "../wire/share-messages.ts";
import { ClientError } from "./errors.ts";
import {
  type ClientIdentity,
  MIN_EXTRANONCE_BYTES,
  openFrame,
  PROTOCOL_VERSION,
  REQUIRES_EXTENDED_CHANNELS,
  REQUIRES_FIXED_VERSION,
  setupFrame,
} from "./opening-frames.ts";
import { openRefused, setupRefused, standardChannelsRefused } from "./refusals.ts";
import { type ReceivedJob, Work, type WorkUnit } from "./work.ts";

export type MiningClientEvents = {
  /** A frame in the clear to be sent. */
  send(frame: Uint8Array): void;
  /** The channel is open. */
  onOpen(channel: {
    readonly channelId: number;
    readonly target: Uint8Array;
    readonly extranoncePrefix: Uint8Array;
  }): void;
  /** An extended job came; its coinbase has so many bytes between its parts. */
  onExtendedJob(job: NewExtendedMiningJob, extranonceBytes: number): void;
  /** There is another job: ask `nextUnit` for headers. */
  onWork(): void;
  onTarget(target: Uint8Array): void;
  onAccepted(batch: {
    readonly shares: number;
    readonly difficulty: bigint;
    readonly lastSequenceNumber: number;
  }): void;
  onRejected(share: { readonly sequenceNumber: number; readonly errorCode: string }): void;
  /** The pool closed the channel; nothing more will come. */
  onClosed(reasonCode: string): void;
  /** The pool asks for a connection to another host, or for a new one to itself, in place of this one. */
  onReconnect(message: Reconnect): void;
};

export class MiningClient {
  readonly #options: ClientIdentity;
  readonly #events: MiningClientEvents;
  #phase: "setup" | "opening" | "open" | "closed" = "setup";
  #fixedVersion = false;
  #channelId = 0;
  #groupChannelId = 0;
  #work: Work | undefined;
  #lastSequenceNumber = 0;
  #answeredShares = 0;

  constructor(options: ClientIdentity, events: MiningClientEvents) {
    this.#options = options;
    this.#events = events;
  }

  /** Sends SetupConnection: to be called when frames can be sent. */
  begin(): void {
    this.#events.send(setupFrame(this.#options));
  }

  /** The next header to search, or undefined while there is no job. */
  nextUnit(): WorkUnit | undefined {
    return this.#phase === "open" ? this.#work?.nextUnit() : undefined;
  }

  /** Shares that were sent and of which the pool has not said yet what became of them. */
  get unansweredShares(): number {
    return this.#phase === "open" ? Math.max(0, this.#lastSequenceNumber - this.#answeredShares) : 0;
  }

  /** Sends a share. @returns its sequence number. */
  submit(unit: WorkUnit, nonce: number): number {
    this.#lastSequenceNumber += 1;
    const fields = {
      channel_id: this.#channelId,
      sequence_number: this.#lastSequenceNumber,
      job_id: unit.jobId,
      nonce,
      ntime: unit.ntime,
      version: unit.version,
    };
    this.#events.send(
      this.#options.kind === "standard"
        ? encodeFrame(SubmitSharesStandard, fields)
        : encodeFrame(SubmitSharesExtended, { ...fields, extranonce: unit.extranonce }),
    );
    return this.#lastSequenceNumber;
  }

  /** Says goodbye to the pool: CloseChannel, as SV2 §5.3.9 asks of a client that ends. */
  close(): void {
    if (this.#phase !== "open") return;
    this.#phase = "closed";
    this.#events.send(encodeFrame(CloseChannel, { channel_id: this.#channelId, reason_code: "client-stopped" }));
  }

  /**
   * Takes one frame of the pool.
   * @throws {ClientError} `setup-refused`, `open-refused`, `extended-channels-required`, `unexpected-message`;
   * {WireError} for malformed fields.
   */
  receive(header: FrameHeader, bytes: Uint8Array): void {
    if (header.extensionType !== 0) return;
    // Jobs are kept, and the payload is a view of a buffer that is used again. A Buffer's own `slice` copies nothing.
    const payload = new Uint8Array(bytes);
    const read: Read = (definition) => decodeMessage(definition, payload).message;
    switch (header.msgType) {
      case SetupConnectionSuccess.msgType:
        return this.#setUp(read(SetupConnectionSuccess));
      case SetupConnectionError.msgType:
        throw setupRefused(read(SetupConnectionError).error_code);
      case Reconnect.msgType:
        return this.#events.onReconnect(read(Reconnect));
      case OpenStandardMiningChannelSuccess.msgType:
        return this.#opened("standard", { ...read(OpenStandardMiningChannelSuccess), extranonce_size: 0 });
      case OpenExtendedMiningChannelSuccess.msgType:
        return this.#opened("extended", read(OpenExtendedMiningChannelSuccess));
      case OpenMiningChannelError.msgType:
        throw openRefused(read(OpenMiningChannelError).error_code);
      case NewMiningJob.msgType:
        return this.#addJob({ kind: "standard", message: read(NewMiningJob) });
      case NewExtendedMiningJob.msgType:
        return this.#addJob({ kind: "extended", message: read(NewExtendedMiningJob) });
      default:
        return this.#receiveOnChannel(header.msgType, read);
    }
  }

  #receiveOnChannel(msgType: number, read: Read): void {
    switch (msgType) {
      case SetNewPrevHash.msgType: {
        const message = read(SetNewPrevHash);
        if (!this.#isMine(message)) return;
        this.#work?.setNewPrevHash(message);
        return this.#events.onWork();
      }
      case SetTarget.msgType: {
        const message = read(SetTarget);
        if (!this.#isMine(message)) return;
        this.#work?.setTarget(message.maximum_target);
        return this.#events.onTarget(message.maximum_target);
      }
      case SetExtranoncePrefix.msgType: {
        const { channel_id, extranonce_prefix } = read(SetExtranoncePrefix);
        // It is for channels alone: no two of a group have the same one.
        if (channel_id === this.#channelId) this.#work?.setExtranoncePrefix(extranonce_prefix);
        return;
      }
      case SetGroupChannel.msgType: {
        const { group_channel_id, channel_ids } = read(SetGroupChannel);
        if (channel_ids.includes(this.#channelId)) this.#groupChannelId = group_channel_id;
        return;
      }
      case SubmitSharesSuccess.msgType: {
        const message = read(SubmitSharesSuccess);
        if (!this.#isMine(message)) return;
        this.#answeredShares += message.new_submits_accepted_count;
        return this.#events.onAccepted({
          shares: message.new_submits_accepted_count,
          difficulty: message.new_shares_sum,
          lastSequenceNumber: message.last_sequence_number,
        });
      }
      case SubmitSharesError.msgType: {
        const message = read(SubmitSharesError);
        if (!this.#isMine(message)) return;
        this.#answeredShares += 1;
        return this.#events.onRejected({ sequenceNumber: message.sequence_number, errorCode: message.error_code });
      }
      case CloseChannel.msgType: {
        const message = read(CloseChannel);
        if (!this.#isMine(message)) return;
        this.#phase = "closed";
        return this.#events.onClosed(message.reason_code);
      }
      default:
        // What a newer pool may send is no reason to stop.
        return;
    }
  }

  #isMine(message: { readonly channel_id: number }): boolean {
    if (this.#phase !== "open") return false;
    return message.channel_id === this.#channelId || message.channel_id === this.#groupChannelId;
  }

  #addJob(job: ReceivedJob): void {
    if (!this.#isMine(job.message)) return;
    if (job.kind !== this.#options.kind) throw unexpected("sent a job of another kind than its channel");
    if (this.#work === undefined) return;
    if (job.kind === "extended") this.#events.onExtendedJob(job.message, this.#work.extranonceBytes);
    if (this.#work.addJob(job)) this.#events.onWork();
  }

  #setUp({ used_version, flags }: SetupConnectionSuccess): void {
    if (this.#phase !== "setup") throw unexpected("answered SetupConnection twice");
    if (used_version !== PROTOCOL_VERSION) throw unexpected(`chose version ${used_version}, which was not offered`);
    const onlyExtended = (flags & REQUIRES_EXTENDED_CHANNELS) !== 0;
    if (onlyExtended && this.#options.kind === "standard") throw standardChannelsRefused();
    this.#fixedVersion = (flags & REQUIRES_FIXED_VERSION) !== 0;
    this.#phase = "opening";
    this.#events.send(openFrame(this.#options));
  }

  #opened(kind: ClientIdentity["kind"], message: OpenExtendedMiningChannelSuccess): void {
    if (this.#phase !== "opening" || kind !== this.#options.kind) {
      throw unexpected("opened a channel that nobody asked for");
    }
    const { extranonce_size: rollableBytes } = message;
    if (kind === "extended" && rollableBytes < MIN_EXTRANONCE_BYTES) {
      throw unexpected(`gave ${rollableBytes} bytes of extranonce where ${MIN_EXTRANONCE_BYTES} were asked for`);
    }
    this.#phase = "open";
    this.#channelId = message.channel_id;
    this.#groupChannelId = message.group_channel_id;
    const { target, extranonce_prefix: extranoncePrefix } = message;
    this.#work = new Work({ target, extranoncePrefix, rollableBytes, fixedVersion: this.#fixedVersion });
    this.#events.onOpen({ channelId: message.channel_id, target, extranoncePrefix });
  }
}

/** Reads the payload at hand as that message. */
type Read = <T>(definition: MessageDefinition<T>) => T;

function unexpected(what: string): ClientError {
  return new ClientError(`the pool broke the protocol: it ${what}`, { code: "unexpected-message" });
}
