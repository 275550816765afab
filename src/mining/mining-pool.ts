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
import { ExtranonceAllocator } from "./extranonce-allocator.ts";
import type { JobWork } from "./job-delivery.ts";
import type { MiningContext } from "./mining-context.ts";
import { DEFAULT_ROLLABLE_BYTES, EXTRANONCE_PREFIX_BYTES, type MiningOptions } from "./pool-options.ts";
import { ShareCounters } from "./share-counters.ts";
import { SharePipeline, type SharePipelineOptions } from "./share-pipeline.ts";
import { WorkBook } from "./work-book.ts";

export class MiningPool {
  readonly #context: MiningContext;
  readonly #pipeline: SharePipeline;
  readonly #counters: ShareCounters;
  readonly #connections = new Set<ConnectionChannels>();

  constructor(
    options: MiningOptions & SharePipelineOptions,
    context: { readonly logger: Logger; readonly metrics: MetricRegistry },
  ) {
    const { validator } = options;
    this.#counters = new ShareCounters(context.metrics);
    this.#pipeline = new SharePipeline(options, { logger: context.logger, counters: this.#counters });
    this.#context = {
      options,
      workBook: new WorkBook(options, {
        validator,
        release: (handle) => this.#pipeline.releaseJob(handle),
        logger: context.logger,
      }),
      extranonces: new ExtranonceAllocator(options.instanceId, options.startedAtMs ?? 0),
      validator,
      releaseStandardJob: (handle) => this.#pipeline.releaseStandardJob(handle),
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
    const standardChannels = this.#standardChannelsBySize();
    const newTip = this.#context.workBook.setTemplate(template, standardChannels.keys());
    const work = this.#prepareWork(standardChannels, newTip);
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

  /** The standard channels by extranonce size, with all sizes in use and the default one, which the next channel needs. */
  #standardChannelsBySize(): ReadonlyMap<number, readonly Channel[]> {
    const bySize = new Map<number, Channel[]>([[EXTRANONCE_PREFIX_BYTES + DEFAULT_ROLLABLE_BYTES, []]]);
    for (const connection of this.#connections) {
      for (const channel of connection.channels()) {
        const ofSize = bySize.get(channel.extranonceBytes) ?? [];
        bySize.set(channel.extranonceBytes, ofSize);
        if (channel.kind === "standard") ofSize.push(channel);
      }
    }
    return bySize;
  }

  /** The work for each extranonce size, with the merkle roots of all its standard channels computed in one batch. */
  #prepareWork(standard: ReadonlyMap<number, readonly Channel[]>, newTip: boolean): ReadonlyMap<number, JobWork> {
    const bySize = new Map<number, JobWork>();
    for (const [extranonceBytes, channels] of standard) {
      const jobTemplate = this.#context.workBook.jobTemplate(extranonceBytes);
      if (jobTemplate === undefined) continue;
      bySize.set(extranonceBytes, { jobTemplate, newTip, roots: this.#rootsOf(channels, jobTemplate.handle) });
    }
    return bySize;
  }

  #rootsOf(channels: readonly Channel[], handle: JobWork["jobTemplate"]["handle"]): JobWork["roots"] {
    const [first] = channels;
    if (first === undefined) return new Map();
    const size = first.extranonceBytes;
    const packed = new Uint8Array(channels.length * size);
    for (const [index, channel] of channels.entries()) packed.set(channel.extranoncePrefix, index * size);
    const roots = this.#context.validator.merkleRoots(handle, packed, size);
    return new Map(channels.map((channel, index) => [channel, roots.subarray(32 * index, 32 * index + 32)]));
  }
}
