/** A mining client without a socket: the test is its pool. */

import { expect } from "vitest";
import { MiningClient } from "../../src/client/mining-client.ts";
import type { ClientIdentity } from "../../src/client/opening-frames.ts";
import { fromHex, toHex } from "../../src/core/bytes.ts";
import { OpenExtendedMiningChannelSuccess } from "../../src/wire/channel-messages.ts";
import { SetupConnectionSuccess } from "../../src/wire/common-messages.ts";
import { encodeFrame, type FrameHeader } from "../../src/wire/frame.ts";
import { FrameSplitter } from "../../src/wire/frame-splitter.ts";
import { NewExtendedMiningJob, SetNewPrevHash } from "../../src/wire/job-messages.ts";
import { decodeMessage, type MessageDefinition } from "../../src/wire/message.ts";

export const TARGET = new Uint8Array(32).fill(0xee);

/** A client with the channel 11 of the group 12, once it is open; keeps what it sends and what it tells. */
export class Conversation {
  readonly sent: { readonly header: FrameHeader; readonly payload: Uint8Array }[] = [];
  readonly events: unknown[] = [];
  /** The extended jobs that it told of: job id, and bytes of extranonce. */
  readonly jobs: [number, number][] = [];
  readonly client: MiningClient;

  constructor(kind: ClientIdentity["kind"] = "extended") {
    const fromClient = new FrameSplitter("server");
    this.client = new MiningClient(
      {
        kind,
        host: "pool.example",
        port: 3334,
        userIdentity: new TextEncoder().encode("alice.cpu"),
        nominalHashrate: 7e6,
        vendor: "adit",
        firmware: "test",
      },
      {
        send: (frame) =>
          fromClient.push(frame, (header, payload) =>
            this.sent.push({ header: { ...header }, payload: payload.slice() }),
          ),
        onOpen: (channel) => this.events.push(["open", channel.channelId, toHex(channel.extranoncePrefix)]),
        onExtendedJob: (job, extranonceBytes) => this.jobs.push([job.job_id, extranonceBytes]),
        onWork: () => this.events.push(["work"]),
        onTarget: (target) => this.events.push(["target", toHex(target)]),
        onAccepted: (batch) => this.events.push(["accepted", batch]),
        onRejected: (share) => this.events.push(["rejected", share]),
        onClosed: (reason) => this.events.push(["closed", reason]),
        onReconnect: (message) => this.events.push(["reconnect", message]),
      },
    );
  }

  answer<T>(definition: MessageDefinition<T>, message: T): void {
    new FrameSplitter("client").push(encodeFrame(definition, message), (header, payload) =>
      this.client.receive(header, payload),
    );
  }

  /** The last frame that the client sent, as that message. */
  last<T>(definition: MessageDefinition<T>): T {
    const frame = this.sent.at(-1);
    expect(frame?.header.msgType).toBe(definition.msgType);
    return decodeMessage(definition, frame?.payload ?? new Uint8Array(0)).message;
  }

  setUp(flags = 0): this {
    this.client.begin();
    this.answer(SetupConnectionSuccess, { used_version: 2, flags });
    return this;
  }

  open(fields: Partial<OpenExtendedMiningChannelSuccess> = {}, flags = 0): this {
    this.setUp(flags);
    const common = { request_id: 1, channel_id: 11, target: TARGET, extranonce_prefix: fromHex("aabbcc") };
    this.answer(OpenExtendedMiningChannelSuccess, { ...common, extranonce_size: 5, group_channel_id: 12, ...fields });
    return this;
  }

  job(channelId: number, jobId: number, minNtime?: number): void {
    this.answer(NewExtendedMiningJob, extendedJob(channelId, jobId, minNtime));
  }

  tip(channelId: number, jobId: number): void {
    const fields = { prev_hash: new Uint8Array(32), min_ntime: 1000, nbits: 0x207fffff };
    this.answer(SetNewPrevHash, { channel_id: channelId, job_id: jobId, ...fields });
  }
}

export function extendedJob(channelId: number, jobId: number, minNtime?: number): NewExtendedMiningJob {
  return {
    channel_id: channelId,
    job_id: jobId,
    min_ntime: minNtime,
    version: 0x20000000,
    version_rolling_allowed: true,
    merkle_path: [],
    coinbase_tx_prefix: fromHex("0102030405"),
    coinbase_tx_suffix: fromHex("060708"),
  };
}
