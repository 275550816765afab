/** A miner's socket with no miner behind it: it sends what a test tells it to, and keeps what comes. */

import { connect, type Socket } from "node:net";
import { ClientTransport } from "../../src/client/client-transport.ts";
import {
  OpenExtendedMiningChannel,
  OpenExtendedMiningChannelSuccess,
  OpenStandardMiningChannel,
  OpenStandardMiningChannelSuccess,
} from "../../src/wire/channel-messages.ts";
import { SetupConnection, SetupConnectionSuccess } from "../../src/wire/common-messages.ts";
import { encodeFrame } from "../../src/wire/frame.ts";
import { NewExtendedMiningJob, NewMiningJob, SetNewPrevHash } from "../../src/wire/job-messages.ts";
import type { MessageDefinition } from "../../src/wire/message.ts";
import { SubmitSharesStandard } from "../../src/wire/share-messages.ts";
import { SETUP as PLAIN_SETUP, type ReceivedFrame, read } from "../session/session-fixture.ts";
import { within } from "../support/wait.ts";
import { EventQueue } from "../templates/rpc-waiting.ts";

export type RawPeerOptions = {
  readonly port: number;
  /** The address that it comes from: Linux takes all of 127.0.0.0/8 for its own. */
  readonly from?: string;
  /** Undefined: plaintext. */
  readonly noise?: { readonly authorityPublicKey: Uint8Array; readonly nowSeconds: number } | undefined;
  /** Does not close its side when the server has closed its own. */
  readonly keepsOpen?: boolean;
};

/** What the peers of these tests begin with: standard jobs alone. */
export const SETUP: SetupConnection = { ...PLAIN_SETUP, flags: 1 };

const OPEN: OpenStandardMiningChannel = {
  request_id: 1,
  user_identity: new TextEncoder().encode("alice"),
  nominal_hash_rate: 0,
  max_target: new Uint8Array(32).fill(0xff),
};

export class RawPeer {
  readonly socket: Socket;
  /** The server has closed its side. */
  readonly ended: Promise<void>;
  readonly closed: Promise<void>;
  readonly #transport: ClientTransport;
  readonly #ready: Promise<void>;
  readonly #frames = new EventQueue<ReceivedFrame>();
  /** The job that came last with a new tip. */
  newest: NewMiningJob | undefined;
  #sequenceNumber = 0;

  constructor(options: RawPeerOptions) {
    const { port, from = "127.0.0.1", noise, keepsOpen = false } = options;
    this.#transport = new ClientTransport(noise === undefined ? { kind: "plaintext" } : { kind: "noise", ...noise });
    this.socket = connect({ host: "127.0.0.1", port, localAddress: from, allowHalfOpen: keepsOpen, noDelay: true });
    this.ended = new Promise((resolve) => this.socket.on("end", resolve));
    this.closed = new Promise((resolve) => this.socket.on("close", () => resolve()));
    // One that is cut off has an error; that it is over is told by its end.
    this.socket.on("error", () => undefined);
    this.#ready = new Promise((resolve) => {
      this.socket.on("data", (chunk) => {
        this.#transport.receive(chunk, {
          onReady: resolve,
          onFrame: (header, payload) => this.#frames.push({ header: { ...header }, payload: payload.slice() }),
        });
      });
      if (noise === undefined) resolve();
    });
  }

  /** Sends what begins the handshake, where there is one. Resolves when that is over. */
  async ready(): Promise<this> {
    this.socket.write(this.#transport.opening());
    await within(this.#ready, "the handshake");
    return this;
  }

  bytes(bytes: Uint8Array): void {
    this.socket.write(bytes);
  }

  send<T>(definition: MessageDefinition<T>, message: T): void {
    this.socket.write(this.#transport.seal(encodeFrame(definition, message)));
  }

  sendSetup(fields: Partial<SetupConnection> = {}): void {
    this.send(SetupConnection, { ...SETUP, ...fields });
  }

  sendOpen(fields: Partial<OpenStandardMiningChannel> = {}): void {
    this.send(OpenStandardMiningChannel, { ...OPEN, ...fields });
  }

  /** The next frame, which has to be of that kind. */
  async next<T>(definition: MessageDefinition<T>): Promise<T> {
    return read(await this.#frames.next(definition.name), definition);
  }

  /** The next frame of that kind; what comes before is passed over. */
  async find<T>(definition: MessageDefinition<T>): Promise<T> {
    for (;;) {
      const frame = await this.#frames.next(definition.name);
      if (frame.header.msgType === definition.msgType) return read(frame, definition);
    }
  }

  /** Frames that came and were not looked at. */
  get unread(): number {
    return this.#frames.left.length;
  }

  async setUp(fields: Partial<SetupConnection> = {}): Promise<this> {
    this.sendSetup(fields);
    await this.next(SetupConnectionSuccess);
    return this;
  }

  /** Opens a standard channel and takes its first job. @returns its id. */
  open(): Promise<number> {
    this.sendOpen();
    return this.opened();
  }

  /** Takes the answer to an open, and the channel's first job. */
  async opened(): Promise<number> {
    const { channel_id } = await this.next(OpenStandardMiningChannelSuccess);
    await this.job();
    return channel_id;
  }

  /** Opens an extended channel with so many bytes to roll, and takes its first job. */
  async openExtended(extranonceBytes: number): Promise<void> {
    this.send(OpenExtendedMiningChannel, { ...OPEN, min_extranonce_size: extranonceBytes });
    await this.next(OpenExtendedMiningChannelSuccess);
    await this.next(NewExtendedMiningJob);
    await this.next(SetNewPrevHash);
  }

  /** Takes a job on a new tip. */
  async job(): Promise<NewMiningJob> {
    this.newest = await this.next(NewMiningJob);
    await this.next(SetNewPrevHash);
    return this.newest;
  }

  /** Sends a share of the newest job. Every hash meets the target of a channel that announced no hashrate. */
  share(channelId: number, fields: Partial<SubmitSharesStandard> = {}): void {
    this.#sequenceNumber += 1;
    this.send(SubmitSharesStandard, {
      channel_id: channelId,
      sequence_number: this.#sequenceNumber,
      job_id: this.newest?.job_id ?? 0,
      nonce: this.#sequenceNumber,
      ntime: 1_700_000_000,
      version: this.newest?.version ?? 0,
      ...fields,
    });
  }
}
