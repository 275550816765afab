/**
 * The running pool: templates into mining state, verdicts into the ledger and onto the wire, blocks to the nodes. The
 * edges (sources, ledger, port, timers) meet the state here, and nowhere else.
 */

import type { AddressInfo } from "node:net";
import type { Clock, Timer } from "../core/clock.ts";
import type { Logger } from "../core/logger.ts";
import type { MetricRegistry } from "../core/metrics.ts";
import type { ShareLedger } from "../ledger/ledger.ts";
import type { Channel } from "../mining/channel.ts";
import { MiningPool } from "../mining/mining-pool.ts";
import type { MiningOptions } from "../mining/pool-options.ts";
import type { ShareOutcomeListener } from "../mining/share-pipeline.ts";
import type { ShareValidator } from "../sharecore/types.ts";
import type { Template } from "../templates/template.ts";
import type { SourceState, TemplateListener, TemplateSource } from "../templates/template-source.ts";
import { encodeFrame } from "../wire/frame.ts";
import { SubmitSharesError } from "../wire/share-messages.ts";
import { Acknowledger, type AcknowledgerOptions } from "./acknowledger.ts";
import { BlockSubmitter } from "./block-submitter.ts";
import { StratumServer, type StratumServerOptions } from "./stratum-server.ts";

export type PoolServiceOptions = {
  readonly mining: MiningOptions;
  readonly validator: ShareValidator;
  readonly ledger: ShareLedger;
  /** Where templates come from. */
  readonly templates: TemplateSource;
  /** Where else found blocks go. */
  readonly alsoSubmitTo: readonly TemplateSource[];
  readonly acknowledge: Omit<AcknowledgerOptions, "ledger">;
  readonly stratum: Omit<StratumServerOptions, "pool">;
};

/** How often vardiff looks at every channel. Its fastest reaction is some seconds. */
const RETARGET_MS = 1_000;

export class PoolService implements ShareOutcomeListener, TemplateListener {
  readonly #options: PoolServiceOptions;
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #pool: MiningPool;
  readonly #stratum: StratumServer;
  readonly #acknowledger: Acknowledger;
  readonly #blocks: BlockSubmitter;
  #retargeting: Timer | undefined;
  #state: SourceState | undefined;
  #onFirstTemplate: (() => void) | undefined;

  constructor(
    options: PoolServiceOptions,
    context: { readonly logger: Logger; readonly metrics: MetricRegistry; readonly clock: Clock },
  ) {
    this.#options = options;
    this.#logger = context.logger;
    this.#clock = context.clock;
    const { ledger, templates, alsoSubmitTo, validator } = options;
    this.#pool = new MiningPool({ ...options.mining, validator, listener: this }, context);
    this.#stratum = new StratumServer({ ...options.stratum, pool: this.#pool }, context);
    this.#acknowledger = new Acknowledger({ ...options.acknowledge, ledger }, context);
    this.#blocks = new BlockSubmitter({ sources: [templates, ...alsoSubmitTo], ledger }, context);
  }

  get connections(): number {
    return this.#stratum.connections;
  }

  get channels(): number {
    return this.#pool.openChannels;
  }

  /**
   * Waits for the first template, then listens.
   * @throws {AditError} with disposition `shutdown` where the node can never serve or the address cannot be had.
   */
  async start(): Promise<AddressInfo> {
    const firstTemplate = new Promise<void>((resolve) => {
      this.#onFirstTemplate = resolve;
    });
    await this.#options.templates.start(this);
    await firstTemplate;
    const address = await this.#stratum.listen();
    this.#retargeting = this.#clock.every(RETARGET_MS, () => this.#pool.retarget(this.#clock.now()));
    return address;
  }

  /** Ends in order: shares under way are settled, stored and acknowledged, blocks are delivered, then connections close. */
  async stop(): Promise<void> {
    this.#retargeting?.cancel();
    this.#stratum.stopAccepting();
    this.#stratum.pauseReading(true);
    await this.#pool.settled();
    await this.#acknowledger.flush();
    // A source gives submissions under way a few seconds more, so a node that hangs does not hold up the stop.
    const sources = [this.#options.templates, ...this.#options.alsoSubmitTo];
    await Promise.all([this.#stratum.close(), this.#blocks.stop(), ...sources.map((source) => source.stop())]);
    await this.#options.validator.close();
    await this.#options.ledger.close();
  }

  onTemplate(template: Template, newTip: boolean): void {
    // A source may deliver the next template while the verdicts of the block that led to it are still being read.
    queueMicrotask(() => {
      try {
        this.#takeTemplate(template, newTip);
      } catch (error) {
        // What the node sent cannot be mined on: it is said, and the next template is another chance.
        this.#pool.suspendWork();
        const reason = error instanceof Error ? error.message : String(error);
        this.#logger.error("the node's template cannot be used", { reason, height: template.height });
      }
    });
  }

  #takeTemplate(template: Template, newTip: boolean): void {
    // It was current when it was sent, and its source said afterwards that it no longer is.
    if (this.#state?.kind === "unavailable") return;
    const changed = this.#pool.setTemplate(template);
    this.#stratum.noteAnnounced();
    // A new tip reaches the sockets before anything else of this turn.
    if (changed) this.#stratum.flush();
    const { height, templateId, transactions } = template;
    const context = { height, templateId, transactions: transactions.length, channels: this.#pool.openChannels };
    if (newTip) this.#logger.info("new tip", context);
    else this.#logger.debug("template refreshed", context);
    this.#onFirstTemplate?.();
    this.#onFirstTemplate = undefined;
  }

  onState(state: SourceState): void {
    const before = this.#state;
    this.#state = state;
    if (state.kind === "unavailable") {
      this.#pool.suspendWork();
      if (before?.kind === "unavailable" && before.reason === state.reason) return;
      this.#logger.warn("no work to give out", { reason: state.reason, source: this.#options.templates.name });
    } else if (before?.kind === "unavailable") {
      this.#logger.info("work is available again", { source: this.#options.templates.name });
    }
  }

  onGathered(): void {
    setImmediate(() => this.#pool.flushShares());
  }

  onAccepted(channel: Channel, outcome: { readonly solvedBlock: boolean }): void {
    this.#acknowledger.noteAccepted(channel, outcome.solvedBlock);
  }

  onRejected(channel: Channel, outcome: { readonly sequenceNumber: number; readonly code: string }): void {
    this.#acknowledger.noteRejected(channel);
    if (!channel.open) return;
    channel.sink.send(
      encodeFrame(SubmitSharesError, {
        channel_id: channel.channelId,
        sequence_number: outcome.sequenceNumber,
        error_code: outcome.code,
      }),
    );
  }

  onBlockFound(...[block]: Parameters<ShareOutcomeListener["onBlockFound"]>): void {
    this.#blocks.submit(block);
  }

  onDuplicatesFull(channel: Channel): void {
    this.#pool.closeOverfull(channel);
  }

  onSaturated(saturated: boolean): void {
    this.#stratum.pauseReading(saturated);
  }
}
