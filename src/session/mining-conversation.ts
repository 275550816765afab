/**
 * The mining protocol on one connection, frame by frame: setup first, then channels and shares. Takes frames in the
 * clear and gives frames in the clear; encryption and bytes are the part of `ConnectionSession`. SV2 §3.6, §5.3.
 */

import type { Moment } from "../core/clock.ts";
import type { ConnectionChannels } from "../mining/connection-channels.ts";
import type { OpenErrorCode } from "../mining/error-codes.ts";
import type { FrameSink } from "../mining/frame-sink.ts";
import { identityText } from "../mining/identity.ts";
import type { MiningPool } from "../mining/mining-pool.ts";
import type { OpenRequest } from "../mining/open-request.ts";
import {
  CloseChannel,
  OpenExtendedMiningChannel,
  OpenMiningChannelError,
  OpenStandardMiningChannel,
  UpdateChannel,
  UpdateChannelError,
} from "../wire/channel-messages.ts";
import {
  ChannelEndpointChanged,
  Reconnect,
  SetupConnection,
  SetupConnectionError,
  SetupConnectionSuccess,
} from "../wire/common-messages.ts";
import { EXTENSIONS_NEGOTIATION, RequestExtensions } from "../wire/extension-messages.ts";
import { encodeFrame, type FrameHeader } from "../wire/frame.ts";
import { SetCustomMiningJob, SetCustomMiningJobError } from "../wire/job-messages.ts";
import { decodeMessage, messageKey } from "../wire/message.ts";
import { createShareSubmission, readShareExtended, readShareStandard } from "../wire/share-fields.ts";
import { SubmitSharesError, SubmitSharesExtended, SubmitSharesStandard } from "../wire/share-messages.ts";
import { heedsCloseChannel, takesExtranoncePrefix, understandsReconnect } from "./client-quirks.ts";
import { SessionError } from "./errors.ts";
import { ExtensionNegotiation } from "./extension-negotiation.ts";
import type { OtherHost } from "./other-host.ts";
import { isServerOnly } from "./server-only-messages.ts";
import { channelClosed, type EndReason, type SessionEvent } from "./session-events.ts";
import { PROTOCOL_VERSION, REQUIRES_STANDARD_JOBS, setupRefusal } from "./setup.ts";

export type ConversationHost = {
  readonly pool: MiningPool;
  /** Where the frames of this connection go. */
  readonly sink: FrameSink;
  send(frame: Uint8Array): void;
  event(event: SessionEvent): void;
  /** A share came from a client all of whose channels are closed. */
  shareWithoutChannel(): void;
  /** Ends the connection; what was sent before still goes out. */
  end(reason: EndReason): void;
};

/**
 * How long a request to open a channel waits for work that stands on the node's tip. Between a new tip and its template
 * lie milliseconds, for which no client should be sent away; a node that is down for longer is said.
 */
const OPEN_WAIT_MS = 5_000;

/** Requests that wait so on one connection; a further one is refused at once. Arbitrary. */
const MAX_WAITING_OPENS = 64;

type WaitingOpen = { readonly request: OpenRequest; readonly sinceMs: number };

/** Kinds of unknown messages that are reported; further ones are ignored in silence. Arbitrary. */
const MAX_UNKNOWN_REPORTED = 16;

export class MiningConversation {
  readonly #connectionId: string;
  readonly #host: ConversationHost;
  #channels: ConnectionChannels | undefined;
  /** An Open was answered, with whatever: until then nothing but that may follow the setup. */
  #openAnswered = false;
  #everOpened = false;
  /** Set up, and of a vendor that does. */
  #understandsReconnect = false;
  /** Oldest first. */
  #waitingOpens: WaitingOpen[] = [];
  readonly #unknownSeen = new Set<number>();
  readonly #submission = createShareSubmission();
  readonly #extensions = new ExtensionNegotiation();

  constructor(connectionId: string, host: ConversationHost) {
    this.#connectionId = connectionId;
    this.#host = host;
  }

  /** Undefined until the setup succeeded. */
  get channels(): ConnectionChannels | undefined {
    return this.#channels;
  }

  /**
   * Takes one frame from the client.
   * @throws {AditError} with disposition `disconnect` for what ends the connection.
   */
  receive(header: FrameHeader, payload: Uint8Array, now: Moment): void {
    const channels = this.#channels;
    if (channels === undefined) return this.#receiveSetup(header, payload);
    if (header.extensionType === EXTENSIONS_NEGOTIATION) return this.#negotiate(header, payload);
    if (header.extensionType !== 0) return this.#ignore(header);
    switch (header.msgType) {
      case SubmitSharesStandard.msgType:
      case SubmitSharesExtended.msgType:
        return this.#receiveShare(header, payload, now);
      case OpenStandardMiningChannel.msgType: {
        const { message } = decodeMessage(OpenStandardMiningChannel, payload);
        return this.#open(channels, { ...openFields(message), kind: "standard", minExtranonceSize: 0 }, now);
      }
      case OpenExtendedMiningChannel.msgType: {
        const { message } = decodeMessage(OpenExtendedMiningChannel, payload);
        const minExtranonceSize = message.min_extranonce_size;
        return this.#open(channels, { ...openFields(message), kind: "extended", minExtranonceSize }, now);
      }
      case UpdateChannel.msgType:
        return this.#update(channels, decodeMessage(UpdateChannel, payload).message, now);
      case CloseChannel.msgType:
        return this.#close(channels, decodeMessage(CloseChannel, payload).message);
      case SetCustomMiningJob.msgType: {
        const { channel_id, request_id } = decodeMessage(SetCustomMiningJob, payload).message;
        const error = { channel_id, request_id, error_code: "jd-not-supported" };
        return this.#sendError(encodeFrame(SetCustomMiningJobError, error));
      }
      case SetupConnection.msgType:
        throw new SessionError("second-setup", "SetupConnection came twice", {});
      case ChannelEndpointChanged.msgType:
        return this.#extensions.reset();
      default:
        return this.#ignore(header);
    }
  }

  /** Whenever it comes: who asks for extensions expects the answer, also before its first Open is answered. */
  #negotiate(header: FrameHeader, payload: Uint8Array): void {
    if (header.msgType !== RequestExtensions.msgType) return this.#ignore(header);
    const { message } = decodeMessage(RequestExtensions, payload);
    const { frame, supported } = this.#extensions.answer(message);
    this.#host.send(frame);
    this.#host.event({ kind: "extensions-requested", requested: message.requested_extensions, supported });
  }

  #receiveSetup(header: FrameHeader, payload: Uint8Array): void {
    if (header.extensionType !== 0 || header.msgType !== SetupConnection.msgType) {
      const { extensionType, msgType } = header;
      throw new SessionError("setup-expected", "the first message has to be SetupConnection", {
        extensionType,
        msgType,
      });
    }
    const { message } = decodeMessage(SetupConnection, payload);
    const { vendor, firmware, flags, hardware_version: hardwareVersion } = message;
    const refusal = setupRefusal(message);
    if (refusal !== undefined) {
      this.#host.send(encodeFrame(SetupConnectionError, { flags: refusal.flags, error_code: refusal.errorCode }));
      this.#host.event({ kind: "setup-refused", errorCode: refusal.errorCode, vendor, firmware });
      return this.#host.end("setup-refused");
    }
    this.#understandsReconnect = understandsReconnect(vendor);
    const requiresStandardJobs = (flags & REQUIRES_STANDARD_JOBS) !== 0;
    this.#channels = this.#host.pool.connect({
      connectionId: this.#connectionId,
      requiresStandardJobs,
      takesExtranoncePrefix: takesExtranoncePrefix(vendor),
      heedsCloseChannel: heedsCloseChannel(vendor, requiresStandardJobs),
      sink: this.#host.sink,
    });
    this.#host.send(encodeFrame(SetupConnectionSuccess, { used_version: PROTOCOL_VERSION, flags: 0 }));
    this.#host.event({ kind: "setup", vendor, hardwareVersion, firmware, flags });
  }

  #receiveShare(header: FrameHeader, payload: Uint8Array, now: Moment): void {
    const submission = this.#submission;
    const extended = header.msgType === SubmitSharesExtended.msgType;
    if (!(extended ? readShareExtended : readShareStandard)(payload, submission)) {
      throw new SessionError("malformed-share", "the fields of a share do not fit its frame", {
        msgType: header.msgType,
        lengthBytes: payload.length,
      });
    }
    if (extended) submission.worker = this.#extensions.workerOf(payload, submission.tlvStart);
    const { channelId, sequenceNumber } = submission;
    const channel = this.#channels?.find(channelId);
    if (channel !== undefined) {
      if (!this.#host.pool.addShare(channel, submission, now)) this.#host.end("share-queue-full");
      return;
    }
    if (!this.#everOpened) {
      this.#host.pool.noteStrayShare("before-channel");
      return this.#host.event({ kind: "share-before-channel", channelId });
    }
    this.#host.pool.noteStrayShare("invalid-channel-id");
    const error = { channel_id: channelId, sequence_number: sequenceNumber, error_code: "invalid-channel-id" };
    this.#host.send(encodeFrame(SubmitSharesError, error));
    if (this.#channels?.size === 0) this.#host.shareWithoutChannel();
  }

  /** Sends the client elsewhere, where it was set up and knows what that is. @returns whether it was told. */
  reconnect({ host, port }: OtherHost): boolean {
    if (!this.#understandsReconnect) return false;
    this.#host.send(encodeFrame(Reconnect, { new_host: host, new_port: port }));
    return true;
  }

  /** There is work on the node's tip: requests that waited for it are answered. */
  workAvailable(now: Moment): void {
    const channels = this.#channels;
    if (channels === undefined || this.#waitingOpens.length === 0) return;
    for (const { request } of this.#waitingOpens.splice(0)) this.#open(channels, request, now);
  }

  /** Refuses the requests that have waited too long. */
  tick(now: Moment): void {
    while (this.#waitingOpens[0] !== undefined && now.monotonicMs - this.#waitingOpens[0].sinceMs >= OPEN_WAIT_MS) {
      const { request } = this.#waitingOpens[0];
      this.#waitingOpens.shift();
      this.#refuse(request, "no-template-available");
    }
  }

  /** Firmware that reconnects takes the frame after its first Open for the answer, whatever it is. */
  #sendError(frame: Uint8Array): void {
    if (this.#openAnswered) this.#host.send(frame);
  }

  #refuse(request: OpenRequest, errorCode: OpenErrorCode): void {
    this.#openAnswered = true;
    this.#host.send(encodeFrame(OpenMiningChannelError, { request_id: request.requestId, error_code: errorCode }));
    const { kind: channelKind, userIdentity } = request;
    this.#host.event({ kind: "channel-refused", channelKind, userIdentity, errorCode });
  }

  #open(channels: ConnectionChannels, request: OpenRequest, now: Moment): void {
    const { userIdentity, nominalHashrate } = request;
    const outcome = channels.open(request, now);
    if (outcome === "no-template-available" && this.#waitingOpens.length < MAX_WAITING_OPENS) {
      this.#waitingOpens.push({ request, sinceMs: now.monotonicMs });
      return;
    }
    if (typeof outcome === "string") return this.#refuse(request, outcome);
    this.#openAnswered = true;
    this.#everOpened = true;
    this.#host.event({
      kind: "channel-opened",
      channelId: outcome.channelId,
      channelKind: outcome.kind,
      userIdentity,
      nominalHashrate,
      difficulty: outcome.target.difficulty,
    });
  }

  #update(channels: ConnectionChannels, message: UpdateChannel, now: Moment): void {
    const { channel_id: channelId, nominal_hash_rate: nominalHashrate, maximum_target: maxTarget } = message;
    const errorCode = channels.update(channelId, { nominalHashrate, maxTarget, now });
    if (errorCode !== undefined) {
      this.#sendError(encodeFrame(UpdateChannelError, { channel_id: channelId, error_code: errorCode }));
      return this.#host.event({ kind: "channel-update-refused", channelId, errorCode });
    }
    const difficulty = channels.find(channelId)?.target.difficulty;
    this.#host.event({ kind: "channel-updated", channelId, nominalHashrate, difficulty });
  }

  #close(channels: ConnectionChannels, message: CloseChannel): void {
    for (const channel of channels.close(message.channel_id)) {
      this.#host.event(channelClosed(channel, { by: "client", reasonCode: message.reason_code }));
    }
  }

  /** @throws {SessionError} for a message that is known, and that only a server may send. */
  #ignore(header: FrameHeader): void {
    const { extensionType, msgType } = header;
    if (isServerOnly(header)) {
      throw new SessionError("server-only-message", "a message that only a server may send", {
        extensionType,
        msgType,
      });
    }
    const kind = messageKey(header);
    if (this.#unknownSeen.has(kind) || this.#unknownSeen.size >= MAX_UNKNOWN_REPORTED) return;
    this.#unknownSeen.add(kind);
    this.#host.event({ kind: "unknown-message", extensionType, msgType });
  }
}

function openFields(
  message: OpenStandardMiningChannel,
): Pick<OpenRequest, "requestId" | "userIdentity" | "nominalHashrate" | "maxTarget"> {
  return {
    requestId: message.request_id,
    userIdentity: identityText(message.user_identity),
    nominalHashrate: message.nominal_hash_rate,
    // A request may wait for work longer than its frame's bytes are left alone.
    maxTarget: message.max_target.slice(),
  };
}
