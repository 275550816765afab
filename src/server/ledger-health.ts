/**
 * Whether the ledger takes shares, said once as it changes: a ledger that fails is asked again each second, and its log
 * would be all that an operator sees.
 */

import type { Clock } from "../core/clock.ts";
import { AditError } from "../core/errors.ts";
import type { Logger } from "../core/logger.ts";
import type { Gauge, MetricRegistry } from "../core/metrics.ts";

/** Why no shares are stored; plain values. */
export type LedgerFault = {
  /** Of docs/errors.md. */
  readonly code: string;
  /** A sentence for an operator: what is wrong, and what to do. */
  readonly reason: string;
  /** Milliseconds since the epoch. */
  readonly sinceMs: number;
};

/** A commit takes milliseconds; after this long it is said that it takes longer. Arbitrary. */
const SLOW_AFTER_MS = 5_000;
/** What lasts is said again this often. Arbitrary. */
const SAY_AGAIN_MS = 300_000;

export class LedgerHealth {
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #ready: Gauge;
  #fault: LedgerFault | undefined;
  /** On the monotonic clock. */
  #failingFromMs = 0;
  #saidMs = 0;
  /** Of the commit under way, on the monotonic clock. */
  #begunMs: number | undefined;

  constructor({ logger, clock, metrics }: { logger: Logger; clock: Clock; metrics: MetricRegistry }) {
    this.#logger = logger;
    this.#clock = clock;
    this.#ready = metrics.gauge({ name: "adit_ledger_ready", help: "1 while shares are stored" });
    this.#ready.set(1);
  }

  /** Undefined while shares are stored. */
  get fault(): LedgerFault | undefined {
    return this.#fault;
  }

  /** A commit begins: `ended` follows, or `failed`. */
  begun(): void {
    this.#begunMs = this.#clock.monotonicMs();
  }

  /** To be called each second or so: a commit that hangs says nothing itself. */
  look(): void {
    if (this.#begunMs === undefined || this.#clock.monotonicMs() - this.#begunMs < SLOW_AFTER_MS) return;
    const advice = "look at the disk of data_dir, and at what else uses it";
    this.#note("ledger-slow", `the ledger has not answered for ${SLOW_AFTER_MS / 1_000} s: ${advice}`);
  }

  failed(error: unknown): void {
    this.#begunMs = undefined;
    const reason = error instanceof Error ? error.message : String(error);
    this.#note(error instanceof AditError ? error.code : "internal-error", reason);
  }

  ended(): void {
    this.#begunMs = undefined;
    if (this.#fault === undefined) return;
    const afterSeconds = Math.round((this.#clock.monotonicMs() - this.#failingFromMs) / 1_000);
    this.#logger.info("shares are stored and acknowledged again", { code: this.#fault.code, afterSeconds });
    this.#fault = undefined;
    this.#ready.set(1);
  }

  #note(code: string, reason: string): void {
    const nowMs = this.#clock.monotonicMs();
    const known = this.#fault;
    if (known === undefined) this.#failingFromMs = nowMs;
    this.#fault = { code, reason, sinceMs: known?.sinceMs ?? this.#clock.nowMs() };
    this.#ready.set(0);
    if (known?.reason === reason && nowMs - this.#saidMs < SAY_AGAIN_MS) return;
    this.#saidMs = nowMs;
    this.#logger.error("shares cannot be stored: their acknowledgements wait", { code, reason });
  }
}
