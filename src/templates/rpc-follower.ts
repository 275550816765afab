/**
 * Follows a node's tip over one period of good connection: a template at first, then a longpoll for the next one, a
 * poll of the best block as a backstop, and a refresh for fees. Any fault ends the period; whoever started it says so
 * to the operator and tries again.
 *
 * The node's templates are delivered by one loop only, in order. The longpoll hands its answers to that loop and cuts
 * short what it waits for, so that a new tip is never delayed by a refresh under way. One thing comes beside the loop:
 * the early template of a tip whose hash is known. What the loop asked before that may be older, and is asked again.
 */

import type { Network } from "../bitcoin/network.ts";
import type { Backoff } from "../core/backoff.ts";
import { reversed, toHex } from "../core/bytes.ts";
import type { Clock } from "../core/clock.ts";
import type { Logger } from "../core/logger.ts";
import { Wakeup } from "../core/wakeup.ts";
import { earlyTemplate } from "./early-template.ts";
import { TemplateError } from "./errors.ts";
import { LinkedAbort } from "./rpc-abort.ts";
import type { BlockPlace } from "./rpc-block-place.ts";
import { EarlyTip } from "./rpc-early-tip.ts";
import { unusable } from "./rpc-fields.ts";
import { runLongpoll } from "./rpc-longpoll.ts";
import type { RpcNode } from "./rpc-node.ts";
import type { Template } from "./template.ts";
import type { GbtTemplate, UnnumberedTemplate } from "./template-from-gbt.ts";

/** Each template becomes a job for every miner; fees alone are no reason for one more within this. Arbitrary. */
const MIN_SAME_TIP_INTERVAL_MS = 5_000;
/** How often in a row a template may miss the tip, because that moved meanwhile. Arbitrary. */
const MAX_TIP_CHASES = 4;

export type FollowerOptions = {
  readonly network: Network;
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

type Delivered = {
  readonly template: Template;
  readonly tip: string;
  readonly atMs: number;
  /** It is the empty block on that tip: the node's own template is still to come. */
  readonly isEarly: boolean;
};

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
  #early: EarlyTip | undefined;
  /** Ends the fetch under way. */
  #fetching: LinkedAbort | undefined;

  constructor(options: FollowerOptions, parts: FollowerParts) {
    this.#options = options;
    this.#parts = parts;
  }

  /** The node is said to have `tip` as its best block now. */
  hint(tip: string): void {
    if (tip === this.#delivered?.tip) {
      // Whatever was announced meanwhile is its tip no more.
      this.#early?.forget();
      return;
    }
    this.#early?.ask(tip);
    this.#wakeup?.wake();
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
      this.#early = new EarlyTip({ node, logger, onTip: (place) => this.#takeEarly(place) }, period);
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
      this.#early = undefined;
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
    const { clock } = this.#parts;
    for (;;) {
      await this.#wakeup?.wait(this.#options.pollIntervalMs);
      if (period.aborted) return;
      this.#takeOffer();
      const tip = await this.#tip(period);
      const stale = tip !== this.#delivered?.tip;
      const offered = this.#offered;
      // What the longpoll brought meanwhile is that tip's, or newer than an answer that knows of no new tip.
      if (offered !== undefined && (!stale || tipOf(offered) === tip)) continue;
      if (stale) this.#parts.onStale(`the node's tip is ${tip}, and its template for that is not here yet`);
      if (stale || this.#delivered?.isEarly || clock.monotonicMs() >= this.#refreshDueMs) {
        await this.#update({ tip }, period);
      }
    }
  }

  /** The node's best block. One that is new is asked for at once. */
  async #tip(period: AbortSignal): Promise<string> {
    for (;;) {
      const before = this.#delivered;
      const tip = await this.#parts.node.bestBlockHash(period);
      if (this.#cameEarly(before, tip)) continue;
      if (tip !== this.#delivered?.tip) this.#early?.ask(tip);
      return tip;
    }
  }

  /** Whether something came early since `before` that may be newer than the answer `tip`, which was asked for then. */
  #cameEarly(before: Delivered | undefined, tip: string): boolean {
    return this.#delivered !== before && this.#delivered?.tip !== tip;
  }

  #takeEarly(place: BlockPlace): void {
    const last = this.#delivered;
    if (last === undefined) return;
    const { clock, logger } = this.#parts;
    const early = earlyTemplate(place, {
      network: this.#options.network,
      last: last.template,
      sinceLastMs: clock.monotonicMs() - last.atMs,
      receivedAtMs: clock.nowMs(),
    });
    // As of a late longpoll, only a higher one is newer for sure. It is none where the tip's own template is here.
    const knownHeight = Math.max(last.template.height, this.#offered?.height ?? 0);
    if (early === undefined || early.height <= knownHeight) {
      logger.debug("early work is not made", { tip: place.hash, height: place.height, knownHeight });
      return;
    }
    this.#tell(early, { isEarly: true });
    // Where no template is on its way yet, the loop has to ask for one.
    if (this.#fetching === undefined) this.#wakeup?.wake();
  }

  /** Delivers what the longpoll brought, unless only the poll that follows can tell what it is worth. */
  #takeOffer(): void {
    const offered = this.#offered;
    this.#offered = undefined;
    const delivered = this.#delivered;
    if (offered === undefined || delivered === undefined) return;
    if (tipOf(offered) === delivered.tip) {
      const sinceMs = this.#parts.clock.monotonicMs() - delivered.atMs;
      if (delivered.isEarly || sinceMs >= MIN_SAME_TIP_INTERVAL_MS) this.#deliver(offered);
    } else if (offered.height > delivered.template.height) {
      // It may have been on its way for long, so that only a higher one is newer for sure.
      this.#deliver(offered);
    }
  }

  /** Delivers a template that stands on the node's tip, as far as known `expected.tip`. */
  async #update(expected: { tip: string; height?: number }, period: AbortSignal): Promise<void> {
    let tip = expected.tip;
    for (let chase = 0; chase < MAX_TIP_CHASES; chase += 1) {
      const before = this.#delivered;
      const candidate = await this.#nextCandidate(period);
      if (tipOf(candidate) !== tip || this.#cameEarly(before, tip)) tip = await this.#tip(period);
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
    this.#refreshDueMs = this.#parts.clock.monotonicMs() + this.#options.refreshMs;
    this.#tell(unnumbered, { isEarly: false });
  }

  #tell(unnumbered: UnnumberedTemplate, { isEarly }: { readonly isEarly: boolean }): void {
    const last = this.#delivered;
    const tip = tipOf(unnumbered);
    const template: Template = { ...unnumbered, templateId: (last?.template.templateId ?? 0) + 1 };
    this.#delivered = { template, tip, atMs: this.#parts.clock.monotonicMs(), isEarly };
    this.#parts.onTemplate(template, tip !== last?.tip);
  }
}

/** The hash of the block that it stands on, as the RPC prints it. */
function tipOf(template: UnnumberedTemplate): string {
  return toHex(reversed(template.prevHash));
}
