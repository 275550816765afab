/** Counts shares by their fate. A channel's own numbers are in its tally; these are the pool's, for an operator. */

import type { Counter, MetricRegistry } from "../core/metrics.ts";
import type { ShareErrorCode } from "./error-codes.ts";

export class ShareCounters {
  readonly #metrics: MetricRegistry;
  readonly #accepted: Counter;
  readonly #beforeChannel: Counter;
  readonly #rejected = new Map<ShareErrorCode, Counter>();

  constructor(metrics: MetricRegistry) {
    this.#metrics = metrics;
    this.#accepted = metrics.counter({ name: "adit_shares_accepted_total", help: "Shares accepted" });
    this.#beforeChannel = metrics.counter({
      name: "adit_shares_before_channel_total",
      help: "Shares that came before their connection's first channel, and were not answered",
    });
  }

  accepted(): void {
    this.#accepted.add(1);
  }

  beforeChannel(): void {
    this.#beforeChannel.add(1);
  }

  rejected(code: ShareErrorCode): void {
    let counter = this.#rejected.get(code);
    if (counter === undefined) {
      counter = this.#metrics.counter({
        name: "adit_shares_rejected_total",
        help: "Shares rejected, by reason",
        labels: { reason: code },
      });
      this.#rejected.set(code, counter);
    }
    counter.add(1);
  }
}
