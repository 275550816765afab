/**
 * The messages of a probe: setup, channel, first job, farewell, each looked at. A pool that says something else, or in
 * another order, has broken the protocol: some miner will not work with it. SV2 §3.6, §5.3.
 */

import { difficultyOfTarget, targetFromBytes } from "../bitcoin/target.ts";
import { toHex } from "../core/bytes.ts";
import { printableText } from "../core/printable-text.ts";
import { definitionOf } from "../wire/all-messages.ts";
import {
  CloseChannel,
  OpenExtendedMiningChannelSuccess,
  OpenMiningChannelError,
  OpenStandardMiningChannelSuccess,
} from "../wire/channel-messages.ts";
import { Reconnect, SetupConnectionError, SetupConnectionSuccess } from "../wire/common-messages.ts";
import { encodeFrame, type FrameHeader } from "../wire/frame.ts";
import { NewExtendedMiningJob, NewMiningJob, SetNewPrevHash } from "../wire/job-messages.ts";
import { decodeMessage, type MessageDefinition } from "../wire/message.ts";
import { ClientError } from "./errors.ts";
import {
  type ClientIdentity,
  MIN_EXTRANONCE_BYTES,
  openFrame,
  PROTOCOL_VERSION,
  REQUEST_ID,
  REQUIRES_EXTENDED_CHANNELS,
  REQUIRES_FIXED_VERSION,
  setupFrame,
} from "./opening-frames.ts";
import type { ProbeFacts } from "./probe-events.ts";
import { unexpected } from "./probe-faults.ts";
import { factsOfJob, notesOfJob, type ProbedChannel, type ProbedJob } from "./probe-job.ts";
import { openRefused, setupRefused } from "./refusals.ts";
import { MAX_FUTURE_JOBS, type ReceivedJob } from "./work.ts";

export type ConversationStep = "setup" | "channel" | "job" | "close";

export type ProbeConversationHost = {
  /** A frame in the clear to be sent. */
  send(frame: Uint8Array): void;
  /** A step is done, and the next one has begun. */
  onStep(facts: ProbeFacts, notes: readonly string[]): void;
};

type Read = <T>(definition: MessageDefinition<T>) => T;

/** Of jobs and tips: nothing of a channel may come before its Open is answered. */
const OF_CHANNELS = new Set([NewMiningJob.msgType, NewExtendedMiningJob.msgType, SetNewPrevHash.msgType]);

export class ProbeConversation {
  readonly #identity: ClientIdentity;
  readonly #host: ProbeConversationHost;
  #step: ConversationStep = "setup";
  #channel: ProbedChannel | undefined;
  /** Jobs that wait for their SetNewPrevHash. */
  readonly #jobs = new Map<number, ProbedJob>();

  constructor(identity: ClientIdentity, host: ProbeConversationHost) {
    this.#identity = identity;
    this.#host = host;
  }

  get step(): ConversationStep {
    return this.#step;
  }

  begin(): void {
    this.#host.send(setupFrame(this.#identity));
  }

  /**
   * Takes one frame of the pool.
   * @throws {ClientError} for what ends the probe; {WireError}, {OutOfBytesError} for malformed fields.
   */
  receive(header: FrameHeader, bytes: Uint8Array, nowSeconds: number): void {
    if (header.extensionType !== 0) return;
    // Jobs are kept, and the payload is a view of a buffer that is used again. A Buffer's own `slice` copies nothing.
    const payload = new Uint8Array(bytes);
    const read: Read = (definition) => decodeMessage(definition, payload).message;
    if (header.msgType === Reconnect.msgType && this.#step !== "close") throw sentOn(read(Reconnect));
    switch (this.#step) {
      case "setup":
        return this.#receiveSetup(header, read);
      case "channel":
        return this.#receiveOpened(header, read);
      case "job":
        return this.#receiveOnChannel(header, read, nowSeconds);
      case "close":
        return;
    }
  }

  #receiveSetup(header: FrameHeader, read: Read): void {
    if (header.msgType === SetupConnectionError.msgType) throw setupRefused(read(SetupConnectionError).error_code);
    if (header.msgType !== SetupConnectionSuccess.msgType) {
      throw unexpected(`sent ${nameOf(header)} in place of an answer to SetupConnection`);
    }
    const { used_version: usedVersion, flags } = read(SetupConnectionSuccess);
    if (usedVersion !== PROTOCOL_VERSION) throw unexpected(`chose version ${usedVersion}, which was not offered`);
    const notes: string[] = [];
    if ((flags & REQUIRES_FIXED_VERSION) !== 0) {
      notes.push("the pool asks for a fixed version, and some firmware (Bitaxe) rolls versions all the same");
    }
    if ((flags & REQUIRES_EXTENDED_CHANNELS) !== 0 && this.#identity.kind === "standard") {
      notes.push("the pool asks for extended channels: standard ones may be refused");
    }
    this.#step = "channel";
    this.#host.onStep({ step: "setup", usedVersion, flags }, notes);
    this.#host.send(openFrame(this.#identity));
  }

  #receiveOpened(header: FrameHeader, read: Read): void {
    const { kind } = this.#identity;
    const { msgType } = header;
    if (msgType === OpenMiningChannelError.msgType) throw openRefused(read(OpenMiningChannelError).error_code);
    const success = kind === "standard" ? OpenStandardMiningChannelSuccess : OpenExtendedMiningChannelSuccess;
    if (msgType === success.msgType) {
      const message =
        kind === "standard"
          ? { ...read(OpenStandardMiningChannelSuccess), extranonce_size: 0 }
          : read(OpenExtendedMiningChannelSuccess);
      return this.#opened(message);
    }
    if (msgType === OpenStandardMiningChannelSuccess.msgType || msgType === OpenExtendedMiningChannelSuccess.msgType) {
      throw unexpected("opened a channel of another kind than was asked for");
    }
    if (OF_CHANNELS.has(msgType)) throw unexpected(`sent ${nameOf(header)} before it opened the channel`);
  }

  #opened(message: OpenExtendedMiningChannelSuccess): void {
    const { channel_id: channelId, group_channel_id: groupChannelId, request_id: requestId } = message;
    const { extranonce_prefix: extranoncePrefix, extranonce_size: extranonceSize } = message;
    const { kind } = this.#identity;
    if (requestId !== REQUEST_ID) throw unexpected(`answered request ${requestId}, which was never made`);
    const target = targetFromBytes(message.target);
    if (target === 0n) throw unexpected("gave a target of zero, which no hash can meet");
    if (kind === "extended" && extranonceSize < MIN_EXTRANONCE_BYTES) {
      throw unexpected(`gave ${extranonceSize} bytes of extranonce where ${MIN_EXTRANONCE_BYTES} were asked for`);
    }
    this.#channel = { channelId, groupChannelId, extranoncePrefix, extranonceSize };
    this.#step = "job";
    const facts = { channelId, groupChannelId, difficulty: difficultyOfTarget(target), extranonceSize };
    const notes =
      channelId === groupChannelId
        ? ["the channel and its group have one id, with which some miners (the SRI translator) give a pool up"]
        : [];
    this.#host.onStep({ step: "channel", channel: kind, ...facts, extranoncePrefix: toHex(extranoncePrefix) }, notes);
  }

  #receiveOnChannel(header: FrameHeader, read: Read, nowSeconds: number): void {
    switch (header.msgType) {
      case NewMiningJob.msgType:
        return this.#addJob(header, { kind: "standard", message: read(NewMiningJob) });
      case NewExtendedMiningJob.msgType:
        return this.#addJob(header, { kind: "extended", message: read(NewExtendedMiningJob) });
      case SetNewPrevHash.msgType:
        return this.#start(header, read(SetNewPrevHash), nowSeconds);
      case CloseChannel.msgType: {
        const { reason_code } = read(CloseChannel);
        const message = `the pool closed the channel with ${printableText(reason_code)}: ask the pool's operator what it means`;
        throw new ClientError(message, { code: "connection-lost" });
      }
      default:
        // Targets, extranonces and groups may change; what a newer pool may send is no fault.
        return;
    }
  }

  #addJob(header: FrameHeader, job: ReceivedJob): void {
    const { channel_id, job_id, min_ntime } = job.message;
    this.#checkChannel(nameOf(header), channel_id);
    if (job.kind !== this.#identity.kind) throw unexpected("sent a job of another kind than its channel");
    if (min_ntime !== undefined) {
      throw unexpected("sent a job to mine on at once before the channel's first SetNewPrevHash");
    }
    if (this.#jobs.size >= MAX_FUTURE_JOBS) {
      throw unexpected(`sent more than ${MAX_FUTURE_JOBS} jobs and no SetNewPrevHash that starts one`);
    }
    const { channelMsg, length } = header;
    this.#jobs.set(job_id, { job, header: { channelMsg, length } });
  }

  #start(header: FrameHeader, tip: SetNewPrevHash, nowSeconds: number): void {
    const channel = this.#checkChannel("SetNewPrevHash", tip.channel_id);
    if (this.#jobs.size === 0) throw unexpected("sent SetNewPrevHash before the job that it starts");
    const job = this.#jobs.get(tip.job_id);
    if (job === undefined) throw unexpected(`sent SetNewPrevHash for job ${tip.job_id}, which it never sent`);
    const facts = factsOfJob(job, tip, { channel, nowSeconds });
    const notes = notesOfJob(facts, { job: job.header.channelMsg, tip: header.channelMsg });
    this.#step = "close";
    this.#host.onStep({ step: "job", ...facts }, notes);
    this.#host.send(encodeFrame(CloseChannel, { channel_id: channel.channelId, reason_code: "client-stopped" }));
  }

  #checkChannel(name: string, channelId: number): ProbedChannel {
    const channel = this.#channel;
    if (channel === undefined) throw new Error("a job is looked at only once the channel is open");
    if (channelId === channel.channelId || channelId === channel.groupChannelId) return channel;
    throw unexpected(`sent ${name} for channel ${channelId}, which is neither the channel nor its group`);
  }
}

function nameOf(header: FrameHeader): string {
  return definitionOf(header)?.name ?? `message 0x${header.msgType.toString(16).padStart(2, "0")}`;
}

function sentOn({ new_host, new_port }: Reconnect): ClientError {
  const where = new_host === "" ? "to this one again" : `on to ${printableText(new_host)}:${new_port}`;
  return new ClientError(`the pool sends its miners ${where}: probe that server`, { code: "connection-lost" });
}
