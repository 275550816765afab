/**
 * The running pool: templates into mining state, verdicts into the ledger and onto the wire, blocks to the nodes. The
 * edges (sources, ledger, port, timers) meet the state here, and nowhere else.
 */

import type { AddressInfo } from "node:net";
import type { Clock, Timer } from "../core/clock.ts";
import type { Logger } from "../core/logger.ts";
import type { MetricRegistry } from "../core/metrics.ts";
import type { ShareLedger } from "../ledger/ledger.ts";
import type { BlockSpool } from "../ledger/spool.ts";
import type { Channel } from "../mining/channel.ts";
import { MiningPool } from "../mining/mining-pool.ts";
import type { MiningOptions } from "../mining/pool-options.ts";
import type { Backpressure, ShareOutcomeListener } from "../mining/share-pipeline.ts";
import type { ShareValidator } from "../sharecore/types.ts";
import type { BlockNode } from "../templates/block-node.ts";
import type { Template } from "../templates/template.ts";
import type { SourceState, TemplateListener, TemplateSource } from "../templates/template-source.ts";
import { encodeFrame } from "../wire/frame.ts";
import { SubmitSharesError } from "../wire/share-messages.ts";
import { Acknowledger, type AcknowledgerOptions, type AcknowledgerSettings } from "./acknowledger.ts";
import { BlockSubmitter } from "./block-submitter.ts";
import { Deadline } from "./deadline.ts";
import { DifficultyKeeper } from "./difficulty-keeper.ts";
import type { LedgerFault } from "./ledger-health.ts";
import { StratumServer, type StratumServerOptions, type StratumSettings } from "./stratum-server.ts";

export type PoolServiceOptions = {
  readonly mining: MiningOptions;
  readonly validator: ShareValidator;
  readonly ledger: ShareLedger;
  /** Where templates come from. */
  readonly templates: TemplateSource;
  /** Where found blocks go. The source of templates may be one of them. */
  readonly nodes: readonly BlockNode[];
  /** Where they outlive the process. */
  readonly spool: BlockSpool;
  readonly acknowledge: Omit<AcknowledgerOptions, "ledger" | "beforeAcknowledging">;
  readonly stratum: Omit<StratumServerOptions, "pool">;
};

/** What can change while the pool runs. */
export type PoolSettings = {
  readonly mining: MiningOptions;
  readonly acknowledge: AcknowledgerSettings;
  readonly stratum: StratumSettings;
};

/** How often vardiff looks at every channel. Its fastest reaction is some seconds. */
const RETARGET_MS = 1_000;

/**
 * How long there is no work before that is said. Between a new tip and its template lie milliseconds, of which nobody
 * has to read with each block. Arbitrary: clients that ask for a channel wait longer.
 */
const OUTAGE_SAID_AFTER_MS = 2_000;

/**
 * How long an orderly stop waits until its last shares are stored. The program ends after 5 s whatever happens, and by
 * then the connections have to be closed: that may take 2 s.
 */
const STORE_GRACE_MS = 2_000;

/** How long the first template waits for what is in the spool: reading it takes milliseconds. */
const SPOOL_GRACE_MS = 2_000;

export class PoolService implements ShareOutcomeListener, TemplateListener {
  readonly #options: PoolServiceOptions;
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #pool: MiningPool;
  readonly #stratum: StratumServer;
  readonly #acknowledger: Acknowledger;
  readonly #blocks: BlockSubmitter;
  readonly #difficulties: DifficultyKeeper;
  #retargeting: Timer | undefined;
  #state: SourceState | undefined;
  /** Waits to say that there is no work. */
  #outage: Timer | undefined;
  /** What was said last of the present outage. */
  #outageSaid: string | undefined;
  #stopping = false;
  #listening: Promise<AddressInfo> | undefined;

  constructor(
    options: PoolServiceOptions,
    context: { readonly logger: Logger; readonly metrics: MetricRegistry; readonly clock: Clock },
  ) {
    this.#options = options;
    this.#logger = context.logger;
    this.#clock = context.clock;
    const { ledger, nodes, spool, validator } = options;
    this.#pool = new MiningPool({ ...options.mining, validator, listener: this }, context);
    this.#stratum = new StratumServer({ ...options.stratum, pool: this.#pool }, context);
    this.#blocks = new BlockSubmitter({ nodes, ledger, spool }, context);
    const beforeAcknowledging = (): Promise<void> => this.#blocks.spooled();
    this.#acknowledger = new Acknowledger({ ...options.acknowledge, ledger, beforeAcknowledging }, context);
    this.#difficulties = new DifficultyKeeper({ memory: this.#pool.difficulties, ledger }, context);
  }

  get connections(): number {
    return this.#stratum.connections;
  }

  get channels(): number {
    return this.#pool.openChannels;
  }

  /** Accepted shares that the ledger has, and those that it does not have. */
  get shares(): { readonly stored: number; readonly unstored: number } {
    return { stored: this.#acknowledger.storedShares, unstored: this.#acknowledger.unstoredShares };
  }

  /** Why no shares are stored, nor acknowledged; undefined while they are. */
  get ledgerFault(): LedgerFault | undefined {
    return this.#acknowledger.ledgerFault;
  }

  /**
   * Listens, and begins to follow the node: one that cannot serve yet is waited for, and so are its miners. Resolves
   * once it is known whether it serves.
   * @throws {AditError} with disposition `shutdown` where the node can never serve or the address cannot be had.
   */
  async start(): Promise<AddressInfo> {
    this.#listening = this.#stratum.listen();
    const address = await this.#listening;
    if (!this.#stopping) this.#acknowledger.probe();
    // Blocks that a process before this one left come before its first template; a disk that hangs holds up nobody.
    const grace = new Deadline(SPOOL_GRACE_MS, this.#clock);
    await grace.within(this.#blocks.start());
    grace.cancel();
    // Before any channel can be opened, for which there has to be work.
    if (!this.#stopping) await this.#difficulties.load();
    if (this.#stopping) return address;
    this.#retargeting = this.#clock.every(RETARGET_MS, () => {
      this.#acknowledger.look();
      this.#pool.retarget(this.#clock.now());
    });
    try {
      await this.#options.templates.start(this);
    } catch (error) {
      await this.stop();
      throw error;
    }
    return address;
  }

  /**
   * Takes other settings while running. A channel that nobody can be paid for any more is closed, and so is the connection
   * of a client that takes a new extranonce only with a new one.
   * @throws {AditError} where no job can be made with them: nothing has changed then.
   */
  reconfigure({ mining, acknowledge, stratum }: PoolSettings): void {
    // First what can fail: the others follow or nothing does.
    this.#pool.reconfigure(mining, this.#clock.now());
    this.#acknowledger.reconfigure(acknowledge);
    this.#stratum.reconfigure(stratum);
  }

  /**
   * Ends in order: nothing new is taken; shares under way are settled, stored and acknowledged; then miners are sent to
   * the other host, if there is one, and connections close. Blocks are delivered meanwhile, whatever the ledger does. A
   * ledger that hangs holds up nobody for longer than `STORE_GRACE_MS`; what it did not take is said, and is in `shares`.
   */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#outage?.cancel();
    this.#retargeting?.cancel();
    await this.#listening?.catch(() => undefined);
    this.#stratum.stopAccepting();
    this.#stratum.holdBack("everybody");
    const deadline = new Deadline(STORE_GRACE_MS, this.#clock);
    if (!(await deadline.within(this.#pool.settled()))) {
      this.#logger.error("shares not validated in time: they are not acknowledged");
    }
    const acknowledged = deadline.within(this.#acknowledger.flush());
    // The last tries begin before their nodes stop. Those give submissions under way a few seconds more, so one that
    // hangs does not hold up the stop.
    const sources = new Set([this.#options.templates, ...this.#options.nodes]);
    const delivered = [this.#blocks.stop(), ...[...sources].map((source) => source.stop())];
    const left = acknowledged.then(() => this.#leave(deadline));
    for (const end of await Promise.allSettled([left, ...delivered])) {
      if (end.status === "rejected") this.#logger.error("a part of the pool did not stop", { error: end.reason });
    }
    await this.#options.validator.close();
    await this.#difficulties.stop();
    await this.#options.ledger.close();
  }

  /** Closes the connections: what is not acknowledged now never is. */
  async #leave(deadline: Deadline): Promise<void> {
    deadline.cancel();
    this.#acknowledger.end();
    const { unstored } = this.shares;
    if (unstored > 0) {
      this.#logger.error("shares not stored in time: they are not acknowledged", { shares: unstored });
    }
    await this.#stratum.close();
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
    if (this.#state?.kind === "unavailable" || this.#stopping) return;
    const changed = this.#pool.setTemplate(template);
    this.#stratum.noteAnnounced();
    // A new tip reaches the sockets before anything else of this turn.
    if (changed) this.#stratum.flush();
    const { height, templateId, transactions } = template;
    const context = { height, templateId, transactions: transactions.length, channels: this.#pool.openChannels };
    if (newTip) this.#blocks.onNewTip();
    if (newTip) this.#logger.info("new tip", context);
    else this.#logger.debug("template refreshed", context);
  }

  onState(state: SourceState): void {
    if (this.#stopping) return;
    this.#state = state;
    if (state.kind === "unavailable") {
      this.#pool.suspendWork();
      if (this.#outageSaid !== undefined) this.#sayOutage();
      else this.#outage ??= this.#clock.after(OUTAGE_SAID_AFTER_MS, () => this.#sayOutage());
      return;
    }
    this.#outage?.cancel();
    this.#outage = undefined;
    if (this.#outageSaid === undefined) return;
    this.#outageSaid = undefined;
    this.#logger.info("work is available again", { source: this.#options.templates.name });
  }

  /** Says why there is no work, unless that is what was said last. */
  #sayOutage(): void {
    if (this.#state?.kind !== "unavailable" || this.#state.reason === this.#outageSaid) return;
    const { reason, code } = this.#state;
    this.#outageSaid = reason;
    this.#logger.warn("no work to give out", { code, reason, source: this.#options.templates.name });
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

  onBackpressure(level: Backpressure): void {
    // Once the pool stops, nothing more is read.
    if (!this.#stopping) this.#stratum.holdBack(level);
  }
}
