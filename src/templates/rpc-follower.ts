/**
 * Follows a node's tip over one period of good connection: a template at first, then a longpoll for the next one, a
 * poll of the best block as a backstop, and a refresh for fees. Any fault ends the period; whoever started it says so
 * to the operator and tries again.
 *
 * Templates are delivered by one loop only, in order. The longpoll hands its answers to that loop and cuts short what
 * it waits for, so that a new tip is never delayed by a refresh under way.
 */

import { reversed, toHex } from "../core/bytes.ts";
import type { Clock } from "../core/clock.ts";
import type { Logger } from "../core/logger.ts";
import { TemplateError } from "./errors.ts";
import { LinkedAbort } from "./rpc-abort.ts";
import type { Backoff } from "./rpc-backoff.ts";
import { unusable } from "./rpc-fields.ts";
import { runLongpoll } from "./rpc-longpoll.ts";
import type { RpcNode } from "./rpc-node.ts";
import { Wakeup } from "./rpc-wakeup.ts";
import type { Template } from "./template.ts";
import type { GbtTemplate, UnnumberedTemplate } from "./template-from-gbt.ts";

/** Each template becomes a job for every miner; fees alone are no reason for one more within this. Arbitrary. */
const MIN_SAME_TIP_INTERVAL_MS = 5_000;
/** How often in a row a template may miss the tip, because that moved meanwhile. Arbitrary. */
const MAX_TIP_CHASES = 4;

export type FollowerOptions = {
  readonly pollIntervalMs: number;
  readonly refreshMs: number;
};

export type FollowerParts = {
  readonly node: RpcNode;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly longpollBackoff: Backoff;
  /** The template stands on the node's tip. */
  onTemplate(template: Template, newTip: boolean): void;
  /** The node's tip is not that of the last template; one that stands on it is being fetched. */
  onStale(reason: string): void;
};

type Delivered = { readonly template: Template; readonly tip: string; readonly atMs: number };

export class TipFollower {
  readonly #options: FollowerOptions;
  readonly #parts: FollowerParts;
  /** The last template delivered, over all periods. */
  #delivered: Delivered | undefined;
  #longpollId: string | undefined;
  /** What the longpoll brought and the loop has not looked at yet. */
  #offered: UnnumberedTemplate | undefined;
  #refreshDueMs = 0;
  #wakeup: Wakeup | undefined;
  /** Ends the fetch under way. */
  #fetching: LinkedAbort | undefined;

  constructor(options: FollowerOptions, parts: FollowerParts) {
    this.#options = options;
    this.#parts = parts;
  }

  /** Looks for a new tip now, unless the last template stands on `tip` already. */
  hint(tip?: string): void {
    if (tip === undefined || tip !== this.#delivered?.tip) this.#wakeup?.wake();
  }

  /**
   * One period: returns when `signal` is aborted.
   * @throws {RpcError | TemplateError} the fault that ended it.
   */
  async follow(signal: AbortSignal): Promise<void> {
    const { node, clock, logger, longpollBackoff } = this.#parts;
    const end = new LinkedAbort(signal);
    const period = end.signal;
    this.#wakeup = new Wakeup(clock, period);
    this.#offered = undefined;
    try {
      const { tip, height } = await node.chainInfo(period);
      await this.#update({ tip, height: height + 1 }, period);
      const longpoll = runLongpoll(
        {
          node,
          clock,
          logger,
          backoff: longpollBackoff,
          longpollId: () => this.#longpollId,
          onTemplate: (answer) => this.#offer(answer),
          onBreak: (error) => this.#longpollBroke(error.rpcCode !== undefined),
        },
        period,
      );
      await Promise.all([this.#watch(period), longpoll]);
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      end.abort();
      this.#wakeup = undefined;
    }
  }

  #offer(answer: GbtTemplate): void {
    this.#offered = answer.template;
    this.#longpollId = answer.longpollId;
    this.#fetching?.abort();
    this.#wakeup?.wake();
  }

  #longpollBroke(nodeRefused: boolean): void {
    // A word of the node's (no peers, warming up) would also be its answer to a template request: ask.
    if (nodeRefused) this.#refreshDueMs = 0;
    this.#wakeup?.wake();
  }

  async #watch(period: AbortSignal): Promise<void> {
    const { node, clock } = this.#parts;
    for (;;) {
      await this.#wakeup?.wait(this.#options.pollIntervalMs);
      if (period.aborted) return;
      this.#takeOffer();
      const tip = await node.bestBlockHash(period);
      const stale = tip !== this.#delivered?.tip;
      const offered = this.#offered;
      // What the longpoll brought meanwhile is that tip's, or newer than an answer that knows of no new tip.
      if (offered !== undefined && (!stale || tipOf(offered) === tip)) continue;
      if (stale) {
        this.#parts.onStale(`the node's tip is ${tip}, and its template for that is not here yet`);
        await this.#update({ tip }, period);
      } else if (clock.monotonicMs() >= this.#refreshDueMs) {
        await this.#update({ tip }, period);
      }
    }
  }

  /** Delivers what the longpoll brought, unless only the poll that follows can tell what it is worth. */
  #takeOffer(): void {
    const offered = this.#offered;
    this.#offered = undefined;
    const delivered = this.#delivered;
    if (offered === undefined || delivered === undefined) return;
    if (tipOf(offered) === delivered.tip) {
      const sinceMs = this.#parts.clock.monotonicMs() - delivered.atMs;
      if (sinceMs >= MIN_SAME_TIP_INTERVAL_MS) this.#deliver(offered);
    } else if (offered.height > delivered.template.height) {
      // It may have been on its way for long, so that only a higher one is newer for sure.
      this.#deliver(offered);
    }
  }

  /** Delivers a template that stands on the node's tip, as far as known `expected.tip`. */
  async #update(expected: { tip: string; height?: number }, period: AbortSignal): Promise<void> {
    let tip = expected.tip;
    for (let chase = 0; chase < MAX_TIP_CHASES; chase += 1) {
      const candidate = await this.#nextCandidate(period);
      if (tipOf(candidate) !== tip) tip = await this.#parts.node.bestBlockHash(period);
      if (tipOf(candidate) !== tip) continue;
      const height = tip === expected.tip ? expected.height : undefined;
      if (height !== undefined && candidate.height !== height)
        throw unusable(`height is not ${height}, the tip's next`);
      this.#deliver(candidate);
      return;
    }
    throw new TemplateError("template-stale", `the node's templates do not stand on its tip ${tip}`, { tip });
  }

  /** A template from the node, or from the longpoll where that is faster. */
  async #nextCandidate(period: AbortSignal): Promise<UnnumberedTemplate> {
    const fetching = new LinkedAbort(period);
    this.#fetching = fetching;
    try {
      if (this.#offered === undefined) {
        const answer = await this.#parts.node.template(fetching.signal);
        this.#longpollId = answer.longpollId;
        return answer.template;
      }
    } catch (error) {
      if (this.#offered === undefined || period.aborted) throw error;
    } finally {
      fetching.abort();
      this.#fetching = undefined;
    }
    const offered = this.#offered;
    this.#offered = undefined;
    return offered;
  }

  #deliver(unnumbered: UnnumberedTemplate): void {
    const last = this.#delivered;
    const tip = tipOf(unnumbered);
    if (tip === last?.tip && unnumbered.height !== last.template.height) {
      throw unusable(`height is ${unnumbered.height}, and was ${last.template.height} on the same tip`);
    }
    const template: Template = { ...unnumbered, templateId: (last?.template.templateId ?? 0) + 1 };
    const atMs = this.#parts.clock.monotonicMs();
    this.#delivered = { template, tip, atMs };
    this.#refreshDueMs = atMs + this.#options.refreshMs;
    this.#parts.onTemplate(template, tip !== last?.tip);
  }
}

/** The hash of the block that it stands on, as the RPC prints it. */
function tipOf(template: UnnumberedTemplate): string {
  return toHex(reversed(template.prevHash));
}
