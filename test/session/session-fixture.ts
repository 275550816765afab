/** A session without a socket: frames in the clear go in, frames in the clear come out. */

import { concatBytes } from "../../src/core/bytes.ts";
import type { Moment } from "../../src/core/clock.ts";
import { createMetricRegistry, type MetricRegistry } from "../../src/core/metrics.ts";
import { MiningPool } from "../../src/mining/mining-pool.ts";
import type { MiningOptions } from "../../src/mining/pool-options.ts";
import type { Backpressure, ShareOutcomeListener } from "../../src/mining/share-pipeline.ts";
import type { BlockFound } from "../../src/mining/solved-block.ts";
import { issueCertificate } from "../../src/noise/certificate.ts";
import { generateKeyPair, xOnlyOf, xOnlyPublicKey } from "../../src/noise/ellswift.ts";
import { ACT_TWO_BYTES, NoiseInitiator, NoiseResponder } from "../../src/noise/handshake-state.ts";
import { ConnectionSession, type SessionOptions } from "../../src/session/connection-session.ts";
import type { EndReason, SessionEnd, SessionEvent } from "../../src/session/session-events.ts";
import { createValidator, type ShareValidator } from "../../src/sharecore/index.ts";
import type { Template } from "../../src/templates/template.ts";
import type { OpenStandardMiningChannel } from "../../src/wire/channel-messages.ts";
import { SetupConnection } from "../../src/wire/common-messages.ts";
import {
  encodeFrame,
  type FrameHandler,
  type FrameHeader,
  type FrameReader,
  type FrameSealer,
} from "../../src/wire/frame.ts";
import { FrameSplitter } from "../../src/wire/frame-splitter.ts";
import type { SetCustomMiningJob } from "../../src/wire/job-messages.ts";
import { decodeMessage, type MessageDefinition } from "../../src/wire/message.ts";
import { RecordingLogger } from "../support/recording-logger.ts";

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

/** The fields of a setup that asks for nothing special. */
export const SETUP: SetupConnection = {
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
};

export const EASIEST: Uint8Array = new Uint8Array(32).fill(0xff);

/** The fields of a request to open a channel. */
export const OPEN: OpenStandardMiningChannel = {
  request_id: 7,
  user_identity: new TextEncoder().encode("alice"),
  nominal_hash_rate: 0,
  max_target: EASIEST,
};

/** A job that a miner declares. */
export const CUSTOM_JOB: SetCustomMiningJob = {
  channel_id: 2,
  request_id: 5,
  mining_job_token: new Uint8Array(1),
  version: 0,
  prev_hash: EASIEST,
  min_ntime: 0,
  nbits: 0,
  coinbase_tx_version: 2,
  coinbase_prefix: new Uint8Array(0),
  coinbase_tx_input_nSequence: 0,
  coinbase_tx_outputs: new Uint8Array(0),
  coinbase_tx_locktime: 0,
  merkle_path: [],
};

/** A pool's options where a test is about none of them. */
export const MINING = {
  payout: { mode: "pool", network: "regtest", poolScript: new Uint8Array([0x51]), feePercent: 0 },
  poolTag: "/t/",
  instanceId: 1,
  sharesPerMinute: 12,
  minDifficulty: 0,
  vardiff: false,
  maxChannels: 100,
  maxChannelsPerConnection: 10,
} as const;

export class PoolHarness implements ShareOutcomeListener {
  readonly pool: MiningPool;
  readonly blocks: BlockFound[] = [];
  readonly outcomes: string[] = [];
  readonly backpressure: Backpressure[] = [];
  readonly logger = new RecordingLogger();
  readonly metrics: MetricRegistry = createMetricRegistry();
  /** How often a first share since the last flush came. */
  gathered = 0;

  constructor(
    options: Partial<MiningOptions> = {},
    parts: {
      readonly maxStandardJobs?: number;
      readonly maxRegisteredTemplates?: number;
      readonly validator?: ShareValidator;
    } = {},
  ) {
    this.pool = new MiningPool(
      {
        ...MINING,
        validator: createValidator({ backend: "wasm" }),
        ...options,
        ...parts,
        listener: this,
      },
      { logger: this.logger, metrics: this.metrics },
    );
  }

  /** A pool that has work on whose network target no hash falls by chance. */
  static withWork(): PoolHarness {
    const harness = new PoolHarness();
    harness.pool.setTemplate(template({ bits: HARD_BITS }));
    return harness;
  }

  /** The value of a counter; 0 where nothing was counted. */
  counted(name: string, reason?: string): number {
    const samples = this.metrics.samples().filter((sample) => sample.name === name && sample.labels.reason === reason);
    return samples[0]?.value ?? 0;
  }

  onGathered(): void {
    this.gathered += 1;
  }
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
  onBackpressure(level: Backpressure): void {
    this.backpressure.push(level);
  }
}

const AUTHORITY = generateKeyPair();
const STATIC_KEY_PAIR = generateKeyPair();
const CERTIFICATE = issueCertificate({
  authoritySecretKey: AUTHORITY.secretKey,
  staticPublicKeyX: xOnlyOf(STATIC_KEY_PAIR.ellswift),
  validFrom: 0,
  notValidAfter: 0xffffffff,
});

export class SessionHarness {
  readonly session: ConnectionSession;
  readonly events: SessionEvent[] = [];
  ended: EndReason | undefined;
  end: SessionEnd | undefined;
  error: unknown;
  /** How many of them it was told before the end. */
  eventsBeforeEnd: number | undefined;
  now: Moment = { wallMs: 1_700_000_000_000, monotonicMs: 1_000 };
  /** The client's side of the transport: in the clear until `shakeHands`. */
  #transport: { readonly reader: FrameReader; readonly sealer: FrameSealer } = {
    reader: new FrameSplitter("client"),
    sealer: { seal: (frame) => frame },
  };

  constructor(pool: PoolHarness, options: Partial<SessionOptions> = {}) {
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
        createResponder: () => new NoiseResponder({ staticKeyPair: STATIC_KEY_PAIR, certificate: CERTIFICATE }),
        onEvent: (event) => this.events.push(event),
        onOutput: () => undefined,
        onEnd: (reason, end) => {
          this.ended = reason;
          this.end = end;
          this.error = end.error;
          this.eventsBeforeEnd = this.events.length;
        },
      },
    );
  }

  receive(bytes: Uint8Array): this {
    this.session.receive(bytes, this.now);
    return this;
  }

  send<T>(definition: MessageDefinition<T>, message: T): this {
    return this.receive(this.sealed(encodeFrame(definition, message)));
  }

  /** The bytes of a frame as the client's side of the transport sends them. */
  sealed(frame: Uint8Array): Uint8Array {
    return this.#transport.sealer.seal(frame);
  }

  /** From here on both sides speak Noise. */
  shakeHands(): this {
    const authorityPublicKey = xOnlyPublicKey(AUTHORITY.secretKey);
    const initiator = new NoiseInitiator({ authorityPublicKey, nowSeconds: this.now.wallMs / 1000 });
    this.receive(initiator.writeActOne());
    const answer = concatBytes(...this.session.takeOutput());
    if (answer.length !== ACT_TWO_BYTES) throw new Error(`act two has ${answer.length} bytes`);
    initiator.readActTwo(answer);
    this.#transport = initiator.transport();
    return this;
  }

  setup(fields: Partial<SetupConnection> = {}): this {
    return this.send(SetupConnection, { ...SETUP, ...fields });
  }

  /** Frames that the session gave since the last call. */
  frames(): ReceivedFrame[] {
    const frames: ReceivedFrame[] = [];
    const note: FrameHandler = (header, payload) => {
      frames.push({ header: { ...header }, payload: payload.slice() });
    };
    for (const bytes of this.session.takeOutput()) this.#transport.reader.push(bytes, note);
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
  const { extensionType, msgType } = frame.header;
  if (extensionType !== definition.extensionType || msgType !== definition.msgType) {
    throw new Error(`message 0x${msgType.toString(16)} of extension ${extensionType}; ${definition.name} was expected`);
  }
  return decodeMessage(definition, frame.payload).message;
}
