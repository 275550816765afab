/**
 * The state of mining over all connections: the newest template, every open channel, and the shares under way. Takes
 * templates, requests and the time, and gives frames to the connections' sinks and outcomes to its listener; it has no
 * sockets, timers or clock of its own.
 */

import type { Moment } from "../core/clock.ts";
import type { Logger } from "../core/logger.ts";
import type { MetricRegistry } from "../core/metrics.ts";
import type { Template } from "../templates/template.ts";
import type { ShareSubmission } from "../wire/share-fields.ts";
import type { Channel } from "./channel.ts";
import { ConnectionChannels, type ConnectionOptions } from "./connection-channels.ts";
import { DifficultyMemory } from "./difficulty-memory.ts";
import { ExtranonceAllocator } from "./extranonce-allocator.ts";
import { type JobWork, jobWork } from "./job-work.ts";
import type { MiningContext } from "./mining-context.ts";
import { payoutTo } from "./payout.ts";
import { createPayoutPolicy, type PayoutPolicy } from "./payout-policy.ts";
import { DEFAULT_ROLLABLE_BYTES, EXTRANONCE_PREFIX_BYTES, type MiningOptions } from "./pool-options.ts";
import { ShareCounters } from "./share-counters.ts";
import { SharePipeline, type SharePipelineOptions } from "./share-pipeline.ts";
import { WorkBook } from "./work-book.ts";
import { type WorkKind, workKind } from "./work-kind.ts";

/** Stands for a miner's address: no kind of address has a longer script. */
const STAND_IN_SCRIPT = new Uint8Array(42);

/** The standard channels of one kind of work. */
type KindInUse = { readonly kind: WorkKind; readonly standard: Channel[] };

export class MiningPool {
  readonly #context: MiningContext;
  readonly #pipeline: SharePipeline;
  readonly #counters: ShareCounters;
  readonly #connections = new Set<ConnectionChannels>();

  constructor(
    options: MiningOptions & SharePipelineOptions,
    context: { readonly logger: Logger; readonly metrics: MetricRegistry },
  ) {
    this.#counters = new ShareCounters(context.metrics);
    this.#pipeline = new SharePipeline(options, { logger: context.logger, counters: this.#counters });
    this.#context = {
      options,
      workBook: new WorkBook(options, { logger: context.logger }),
      extranonces: new ExtranonceAllocator(options.instanceId, options.firstAllocation ?? 0),
      slots: this.#pipeline.slots,
      difficulties: new DifficultyMemory(),
      payoutOf: createPayoutPolicy(options.payout),
      workAvailable: false,
      openChannels: 0,
    };
  }

  get template(): Template | undefined {
    return this.#context.workBook.template;
  }

  get openChannels(): number {
    return this.#context.openChannels;
  }

  /** What difficulty suited which worker: for whoever stores it over a restart. */
  get difficulties(): DifficultyMemory {
    return this.#context.difficulties;
  }

  /** Makes room for the channels of a connection that was set up. */
  connect(options: ConnectionOptions): ConnectionChannels {
    const connection = new ConnectionChannels(options, this.#context);
    this.#connections.add(connection);
    return connection;
  }

  /** Forgets a connection and frees its channels. */
  disconnect(connection: ConnectionChannels): void {
    connection.closeAll();
    this.#connections.delete(connection);
  }

  /**
   * Takes a new template and gives every channel a job of it; on a new tip to the largest hashrate first.
   * @returns whether the tip changed.
   * @throws {AditError} where no job can be made of it: nothing has changed then.
   */
  setTemplate(template: Template): boolean {
    // A block among the shares that came before is on its way before the template is.
    this.#pipeline.flush();
    const inUse = this.#kindsInUse();
    const newTip = this.#context.workBook.setTemplate(template, [
      usualKind(this.#context.options),
      ...[...inUse.values()].map(({ kind }) => kind),
    ]);
    const work = this.#prepareWork(inUse, newTip);
    this.#context.workAvailable = true;
    const connections = [...this.#connections];
    if (newTip) connections.sort((a, b) => b.nominalHashrate - a.nominalHashrate);
    for (const connection of connections) {
      try {
        connection.announce(work);
      } catch (error) {
        connection.fail(error);
      }
    }
    return newTip;
  }

  /** The newest template no longer stands on the node's tip, as far as anyone knows: until the next one no work is given out. */
  suspendWork(): void {
    this.#context.workAvailable = false;
  }

  /**
   * Goes on with other options: payouts, tag and extranonces count for the jobs that are sent from now on, and a job
   * follows at once; targets follow where they have to; limits count from the next open.
   * @throws {AditError} where no job of the newest template can be made with them: nothing has changed then.
   */
  reconfigure(options: MiningOptions, now: Moment): void {
    const context = this.#context;
    const { options: before, workBook, extranonces } = context;
    const newPrefixes = options.instanceId !== before.instanceId;
    let newWork = newPrefixes || options.poolTag !== before.poolTag;
    const payoutOf = createPayoutPolicy(options.payout);
    workBook.tryOut(this.#kindsWith(options, payoutOf), options.poolTag);
    extranonces.instanceId = options.instanceId;
    // Shares that came before are judged by what was before.
    this.#pipeline.flush();
    context.options = options;
    context.payoutOf = payoutOf;
    workBook.setPoolTag(options.poolTag);
    for (const connection of this.#connections) {
      try {
        if (connection.regroup()) newWork = true;
        if (newPrefixes) connection.renewPrefixes();
        connection.adapt({ before, now });
      } catch (error) {
        connection.fail(error);
      }
    }
    const { template } = workBook;
    if (newWork && template !== undefined && context.workAvailable) this.setTemplate(template);
  }

  /** Lets vardiff look at every channel. */
  retarget(now: Moment): void {
    for (const connection of this.#connections) {
      try {
        connection.retarget(now);
      } catch (error) {
        connection.fail(error);
      }
    }
  }

  /** Closes a channel whose memory of shares is full. */
  closeOverfull(channel: Channel): void {
    for (const connection of this.#connections) {
      if (connection.find(channel.channelId) === channel) return connection.closeOverfull(channel);
    }
  }

  /** Takes a share of an open channel; false where nothing more can be taken from its connection. */
  addShare(channel: Channel, submission: ShareSubmission, now: Moment): boolean {
    return this.#pipeline.add(channel, submission, { now, tipEpoch: this.#context.workBook.tipEpoch });
  }

  /** Counts a share that names no open channel: one that is answered so, or one of before the connection's first. */
  noteStrayShare(fate: "invalid-channel-id" | "before-channel"): void {
    if (fate === "before-channel") this.#counters.beforeChannel();
    else this.#counters.rejected(fate);
  }

  /** Validates what was gathered; called at the end of each turn in which shares came. */
  flushShares(): void {
    this.#pipeline.flush();
  }

  /** Resolves when every share taken so far has its verdict. */
  settled(): Promise<void> {
    return this.#pipeline.settled();
  }

  /** What the open channels would do with other options, and those that are opened most. */
  #kindsWith(options: MiningOptions, payoutOf: PayoutPolicy): Iterable<WorkKind> {
    const kinds = [usualKind(options)];
    for (const connection of this.#connections) {
      for (const { userIdentity, extranonceBytes } of connection.channels()) {
        const payout = payoutOf(userIdentity);
        if (payout !== "unknown-user") kinds.push(workKind(extranonceBytes, payout));
      }
    }
    return new Map(kinds.map((kind) => [kind.key, kind])).values();
  }

  /** By the kind's key, over all connections. */
  #kindsInUse(): ReadonlyMap<string, KindInUse> {
    const inUse = new Map<string, KindInUse>();
    for (const connection of this.#connections) {
      for (const { kind, members } of connection.groups()) {
        const known = inUse.get(kind.key) ?? { kind, standard: [] };
        inUse.set(kind.key, known);
        for (const channel of members) {
          if (channel.kind === "standard") known.standard.push(channel);
        }
      }
    }
    return inUse;
  }

  /** The work for each kind, with the merkle roots of all its standard channels computed in one call. */
  #prepareWork(inUse: ReadonlyMap<string, KindInUse>, newTip: boolean): ReadonlyMap<string, JobWork> {
    const byKind = new Map<string, JobWork>();
    for (const [key, { kind, standard }] of inUse) {
      const work = jobWork(this.#context, kind, { standard, newTip });
      if (work !== undefined) byKind.set(key, work);
    }
    return byKind;
  }
}

/** Of the channels that are opened most: what is wrong with its jobs is known before a channel is there. */
function usualKind({ payout: { poolScript = STAND_IN_SCRIPT } }: MiningOptions): WorkKind {
  return workKind(EXTRANONCE_PREFIX_BYTES + DEFAULT_ROLLABLE_BYTES, payoutTo(poolScript));
}
