/** A probe without a socket, and a pool whose every word is the test's. */

import { Probe, type ProbeOptions } from "../../src/client/probe.ts";
import type { ProbeEvent } from "../../src/client/probe-events.ts";
import { concatBytes } from "../../src/core/bytes.ts";
import type { Moment } from "../../src/core/clock.ts";
import type { NoiseResponder } from "../../src/noise/handshake-state.ts";
import type { OpenExtendedMiningChannelSuccess } from "../../src/wire/channel-messages.ts";
import * as channel from "../../src/wire/channel-messages.ts";
import { SetupConnectionSuccess } from "../../src/wire/common-messages.ts";
import { encodeFrame } from "../../src/wire/frame.ts";
import { FrameSplitter } from "../../src/wire/frame-splitter.ts";
import * as job from "../../src/wire/job-messages.ts";
import type { MessageDefinition } from "../../src/wire/message.ts";

export const NOW_MS = 1_700_000_000_000;
export const NOW_SECONDS: number = NOW_MS / 1_000;

const OPENED: OpenExtendedMiningChannelSuccess = {
  request_id: 1,
  channel_id: 5,
  // Difficulty 1.
  target: Uint8Array.from({ length: 32 }, (_, index) => (index === 26 || index === 27 ? 0xff : 0)),
  extranonce_size: 8,
  extranonce_prefix: new Uint8Array([1, 2, 3, 4]),
  group_channel_id: 4,
};

/** A coinbase of height 900,001 with one output of 5 sat, around 4 + 8 bytes of extranonce. */
const COINBASE = {
  prefix: [2, 0, 0, 0, 1, ...new Array(32).fill(0), 255, 255, 255, 255, 17, 3, 0xa1, 0xbb, 0x0d, 12],
  suffix: [254, 255, 255, 255, 1, 5, 0, 0, 0, 0, 0, 0, 0, 1, 0x51, 0xa0, 0xbb, 0x0d, 0],
};

export const STANDARD_JOB: job.NewMiningJob = {
  channel_id: 5,
  job_id: 9,
  min_ntime: undefined,
  version: 0x20000000,
  merkle_root: new Uint8Array(32).fill(7),
};

export const EXTENDED_JOB: job.NewExtendedMiningJob = {
  channel_id: 5,
  job_id: 9,
  min_ntime: undefined,
  version: 0x20000000,
  version_rolling_allowed: true,
  merkle_path: [new Uint8Array(32), new Uint8Array(32)],
  coinbase_tx_prefix: new Uint8Array(COINBASE.prefix),
  coinbase_tx_suffix: new Uint8Array(COINBASE.suffix),
};

export const TIP: job.SetNewPrevHash = {
  channel_id: 5,
  job_id: 9,
  prev_hash: Uint8Array.from({ length: 32 }, (_, index) => index),
  min_ntime: NOW_SECONDS - 10,
  nbits: 0x1d00ffff,
};

export type RigOptions = Partial<Omit<ProbeOptions, "identity">> & {
  readonly kind?: "standard" | "extended";
  readonly responder?: NoiseResponder;
};

export class ProbeRig {
  readonly probe: Probe;
  readonly events: ProbeEvent[] = [];
  readonly sent: Uint8Array[] = [];
  finished = 0;
  /** Undefined until it is over. */
  done: { readonly error: (Error & { readonly code?: string }) | undefined } | undefined;
  now: Moment = { wallMs: NOW_MS, monotonicMs: 50 };
  readonly #kind: "standard" | "extended";

  constructor({ kind = "extended", responder, ...options }: RigOptions = {}) {
    this.#kind = kind;
    this.probe = new Probe(
      {
        identity: {
          kind,
          host: "pool.example",
          port: 3334,
          vendor: "adit",
          firmware: "adit-probe",
          userIdentity: new TextEncoder().encode("alice"),
          nominalHashrate: 2 ** 40,
        },
        plaintext: responder === undefined,
        authorityPublicKey: undefined,
        timeoutSeconds: 7,
        ...options,
      },
      {
        send: (bytes) => this.sent.push(bytes),
        finish: () => {
          this.finished += 1;
        },
        onStep: (event) => this.events.push(event),
        onDone: (error) => {
          if (this.done !== undefined) throw new Error("it was over already");
          this.done = { error };
        },
      },
      this.now,
    );
  }

  after(ms: number): this {
    this.now = { wallMs: this.now.wallMs + ms, monotonicMs: this.now.monotonicMs + ms };
    return this;
  }

  connected(): this {
    this.probe.connected({ address: "10.0.0.1", port: 3334 }, this.now);
    return this;
  }

  bytes(bytes: Uint8Array | string): this {
    this.probe.receive(typeof bytes === "string" ? new TextEncoder().encode(bytes) : bytes, this.now);
    return this;
  }

  say<T>(definition: MessageDefinition<T>, message: T): this {
    return this.bytes(encodeFrame(definition, message));
  }

  setUp(flags = 0): this {
    return this.connected().say(SetupConnectionSuccess, { used_version: 2, flags });
  }

  opened(fields: Partial<OpenExtendedMiningChannelSuccess> = {}): this {
    const message = { ...OPENED, ...fields };
    return this.#kind === "standard"
      ? this.say(channel.OpenStandardMiningChannelSuccess, message)
      : this.say(channel.OpenExtendedMiningChannelSuccess, message);
  }

  job(fields: Partial<job.NewExtendedMiningJob> = {}): this {
    return this.#kind === "standard"
      ? this.say(job.NewMiningJob, { ...STANDARD_JOB, ...fields })
      : this.say(job.NewExtendedMiningJob, { ...EXTENDED_JOB, ...fields });
  }

  tip(fields: Partial<job.SetNewPrevHash> = {}): this {
    return this.say(job.SetNewPrevHash, { ...TIP, ...fields });
  }

  /** The messages that were sent, in plaintext. */
  messages(): { readonly msgType: number; readonly payload: Uint8Array }[] {
    const messages: { msgType: number; payload: Uint8Array }[] = [];
    new FrameSplitter("server").push(concatBytes(...this.sent), ({ msgType }, payload) => {
      messages.push({ msgType, payload: payload.slice() });
    });
    return messages;
  }

  /** The facts of a step that is done. */
  facts(step: ProbeEvent["step"]): ProbeEvent | undefined {
    return this.events.find((event) => event.step === step);
  }

  get notes(): readonly string[] {
    return this.events.flatMap((event) => (event.ok ? event.notes : []));
  }

  /** The step that failed, and what was said. */
  get failure(): string {
    const last = this.events.at(-1);
    if (last === undefined || last.ok || this.done?.error?.message !== last.error) throw new Error("nothing failed");
    return `${last.step}: ${last.code}: ${last.error}`;
  }
}
