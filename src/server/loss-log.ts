/** Shares that the ledger never gets, since it could not be written for too long: counted, and said as it begins and ends. */

import type { Logger } from "../core/logger.ts";
import type { Counter, MetricRegistry } from "../core/metrics.ts";
import type { LostShares } from "../mining/kept-credits.ts";

export class LossLog {
  readonly #logger: Logger;
  readonly #accepted: Counter;
  #lost: LostShares | undefined;

  constructor({ logger, metrics }: { readonly logger: Logger; readonly metrics: MetricRegistry }) {
    this.#logger = logger;
    this.#accepted = metrics.counter({
      name: "adit_shares_lost_total",
      help: "Accepted shares of closed channels that were never stored nor acknowledged",
    });
  }

  /** So many more were lost. */
  note({ accepted, rejected }: LostShares): void {
    if (accepted === 0 && rejected === 0) return;
    if (this.#lost === undefined) {
      this.#logger.error("shares of closed channels are lost: too many workers wait for the ledger");
    }
    this.#accepted.add(accepted);
    this.#lost = {
      accepted: (this.#lost?.accepted ?? 0) + accepted,
      rejected: (this.#lost?.rejected ?? 0) + rejected,
    };
  }

  /** Nothing more is lost for now: says how much was. */
  over(): void {
    if (this.#lost === undefined) return;
    const { accepted: acceptedShares, rejected: rejectedShares } = this.#lost;
    this.#logger.error("shares of closed channels were lost", { acceptedShares, rejectedShares });
    this.#lost = undefined;
  }
}
