/** A session without a socket: frames in the clear go in, frames in the clear come out. */

import type { Moment } from "../../src/core/clock.ts";
import { nullLogger } from "../../src/core/logger.ts";
import { createMetricRegistry } from "../../src/core/metrics.ts";
import { MiningPool } from "../../src/mining/mining-pool.ts";
import type { MiningOptions } from "../../src/mining/pool-options.ts";
import type { ShareOutcomeListener } from "../../src/mining/share-pipeline.ts";
import type { BlockFound } from "../../src/mining/solved-block.ts";
import { ellswiftKeyPair, generateKeyPair } from "../../src/noise/ellswift.ts";
import { NoiseResponder } from "../../src/noise/handshake-state.ts";
import { ConnectionSession, type SessionOptions } from "../../src/session/connection-session.ts";
import type { EndReason, SessionEvent } from "../../src/session/session-events.ts";
import { createValidator } from "../../src/sharecore/index.ts";
import type { Template } from "../../src/templates/template.ts";
import { SetupConnection } from "../../src/wire/common-messages.ts";
import { encodeFrame, type FrameHeader } from "../../src/wire/frame.ts";
import { FrameSplitter } from "../../src/wire/frame-splitter.ts";
import { decodeMessage, type MessageDefinition } from "../../src/wire/message.ts";

export type ReceivedFrame = { readonly header: FrameHeader; readonly payload: Uint8Array };

export function template(fields: Partial<Template> = {}): Template {
  return {
    templateId: 1,
    source: "test",
    height: 900_001,
    prevHash: new Uint8Array(32).fill(1),
    version: 0x20000000,
    // The easiest target that compact bits can say: every other hash or so meets it.
    bits: 0x207fffff,
    curTime: 1_700_000_000,
    minTime: 1_699_999_000,
    coinbaseValue: 312_500_000n,
    witnessCommitment: undefined,
    transactions: [],
    merklePath: [],
    receivedAtMs: 1_700_000_000_000,
    ...fields,
  };
}

/** A network target that no hash meets by chance. */
export const HARD_BITS = 0x1a00ffff;

export class PoolHarness implements ShareOutcomeListener {
  readonly pool: MiningPool;
  readonly blocks: BlockFound[] = [];
  readonly outcomes: string[] = [];
  readonly saturations: boolean[] = [];

  constructor(options: Partial<MiningOptions> = {}, pipeline: { readonly maxStandardJobs?: number } = {}) {
    this.pool = new MiningPool(
      {
        payout: { script: new Uint8Array([0x51]) },
        poolTag: "/t/",
        instanceId: 1,
        sharesPerMinute: 12,
        minDifficulty: 0,
        vardiff: false,
        maxChannels: 100,
        maxChannelsPerConnection: 10,
        ...options,
        ...pipeline,
        validator: createValidator({ backend: "wasm" }),
        listener: this,
      },
      { logger: nullLogger, metrics: createMetricRegistry() },
    );
  }

  onGathered(): void {}
  onAccepted(...[channel, { solvedBlock }]: Parameters<ShareOutcomeListener["onAccepted"]>): void {
    this.outcomes.push(`${channel.key} accepted${solvedBlock ? " block" : ""}`);
  }
  onRejected(...[channel, { sequenceNumber, code }]: Parameters<ShareOutcomeListener["onRejected"]>): void {
    this.outcomes.push(`${channel.key} ${sequenceNumber} ${code}`);
  }
  onBlockFound(block: BlockFound): void {
    this.blocks.push(block);
  }
  onDuplicatesFull(...[channel]: Parameters<ShareOutcomeListener["onDuplicatesFull"]>): void {
    this.outcomes.push(`${channel.key} full`);
    this.pool.closeOverfull(channel);
  }
  onSaturated(saturated: boolean): void {
    this.saturations.push(saturated);
  }
}

export class SessionHarness {
  readonly session: ConnectionSession;
  readonly events: SessionEvent[] = [];
  ended: EndReason | undefined;
  now: Moment = { wallMs: 1_700_000_000_000, monotonicMs: 1_000 };
  readonly #splitter = new FrameSplitter("client");

  constructor(pool: PoolHarness, options: Partial<SessionOptions> = {}) {
    const staticKeyPair = ellswiftKeyPair(generateKeyPair().secretKey);
    this.session = new ConnectionSession(
      {
        connectionId: "c1",
        plaintextAllowed: true,
        timeouts: { handshakeMs: 10_000, setupMs: 10_000, noChannelMs: 60_000 },
        now: this.now,
        ...options,
      },
      {
        pool: pool.pool,
        createResponder: () => new NoiseResponder({ staticKeyPair, certificate: new Uint8Array(74) }),
        onEvent: (event) => this.events.push(event),
        onOutput: () => undefined,
        onEnd: (reason) => {
          this.ended = reason;
        },
      },
    );
  }

  receive(bytes: Uint8Array): this {
    this.session.receive(bytes, this.now);
    return this;
  }

  send<T>(definition: MessageDefinition<T>, message: T): this {
    return this.receive(encodeFrame(definition, message));
  }

  setup(fields: Partial<SetupConnection> = {}): this {
    return this.send(SetupConnection, {
      protocol: 0,
      min_version: 2,
      max_version: 2,
      flags: 0,
      endpoint_host: "127.0.0.1",
      endpoint_port: 3334,
      vendor: "test",
      hardware_version: "",
      firmware: "",
      device_id: "",
      ...fields,
    });
  }

  /** Frames that the session gave since the last call. */
  frames(): ReceivedFrame[] {
    const frames: ReceivedFrame[] = [];
    for (const bytes of this.session.takeOutput()) {
      this.#splitter.push(bytes, (header, payload) => frames.push({ header: { ...header }, payload: payload.slice() }));
    }
    return frames;
  }

  advance(ms: number): this {
    this.now = { wallMs: this.now.wallMs + ms, monotonicMs: this.now.monotonicMs + ms };
    this.session.tick(this.now);
    return this;
  }
}

/** The message of a frame that has to be of that kind. */
export function read<T>(frame: ReceivedFrame | undefined, definition: MessageDefinition<T>): T {
  if (frame === undefined) throw new Error(`no frame; ${definition.name} was expected`);
  if (frame.header.msgType !== definition.msgType) {
    throw new Error(`message 0x${frame.header.msgType.toString(16)}; ${definition.name} was expected`);
  }
  return decodeMessage(definition, frame.payload).message;
}
