/**
 * Keeps one longpoll (BIP22) waiting at the node, and hands on each template that it brings. That a longpoll breaks is
 * no fault: proxies cut long waits. It is reported, so that a poll finds out whether the node is there.
 */

import type { Backoff } from "../core/backoff.ts";
import type { Clock } from "../core/clock.ts";
import type { Logger } from "../core/logger.ts";
import { Wakeup } from "../core/wakeup.ts";
import { RpcError } from "./errors.ts";
import type { RpcNode } from "./rpc-node.ts";
import type { GbtTemplate } from "./template-from-gbt.ts";

/** One that is answered sooner did not wait: the next is sent this much later. Arbitrary; the poll looks meanwhile. */
const MIN_LONGPOLL_MS = 1_000;

export type LongpollParts = {
  readonly node: RpcNode;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly backoff: Backoff;
  /** The id to wait on; undefined where the node's last template had none: then there is nothing to wait for. */
  longpollId(): string | undefined;
  onTemplate(answer: GbtTemplate): void;
  onBreak(error: RpcError): void;
};

/**
 * Runs until `signal` is aborted, or the node offers no longpoll.
 * @throws {TemplateError} where the node sends a template that cannot be used.
 */
export async function runLongpoll(parts: LongpollParts, signal: AbortSignal): Promise<void> {
  const pause = new Wakeup(parts.clock, signal);
  for (let id = parts.longpollId(); id !== undefined && !signal.aborted; id = parts.longpollId()) {
    const askedMs = parts.clock.monotonicMs();
    try {
      const answer = await parts.node.nextTemplate(id, signal);
      if (signal.aborted) return;
      parts.backoff.reset();
      parts.onTemplate(answer);
      const tookMs = parts.clock.monotonicMs() - askedMs;
      if (tookMs < MIN_LONGPOLL_MS) await pause.wait(MIN_LONGPOLL_MS - tookMs);
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof RpcError)) throw error;
      parts.logger.debug("longpoll broke", { reason: error.message });
      parts.onBreak(error);
      await pause.wait(parts.backoff.nextMs());
    }
  }
}
