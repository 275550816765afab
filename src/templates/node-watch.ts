/**
 * Looks at one node from outside, whether it gives the templates or not: a small question each second, on a connection
 * of its own. Whatever goes wrong is what is seen of the node.
 */

import type { Clock } from "../core/clock.ts";
import { AditError } from "../core/errors.ts";
import { Wakeup } from "../core/wakeup.ts";
import type { NodeView } from "./node-view.ts";
import { type RpcAccessOptions, rpcAccess } from "./rpc-access.ts";
import { type RpcParts, RpcQuestions } from "./rpc-questions.ts";

/** How often a node is looked at. What another node has more than the followed one is seen by so much later. */
export const WATCH_MS = 1_000;
/** A node that takes longer for so small a question cannot be relied on; connecting a block takes seconds at most. */
const WATCH_TIMEOUT_MS = 5_000;

export class NodeWatch {
  /** As in `Template.source`. */
  readonly name: string;
  readonly #clock: Clock;
  readonly #questions: RpcQuestions;
  #pause: Wakeup | undefined;

  /** @throws {TemplateError} `node-options-invalid`. */
  constructor(options: RpcAccessOptions, parts: RpcParts) {
    const access = rpcAccess(options);
    this.name = access.name;
    this.#clock = parts.clock;
    this.#questions = new RpcQuestions(access, parts, WATCH_TIMEOUT_MS);
  }

  /** Looks at the node until `signal` is aborted. */
  async run(signal: AbortSignal, onView: (view: NodeView) => void): Promise<void> {
    const pause = new Wakeup(this.#clock, signal);
    this.#pause = pause;
    while (!signal.aborted) {
      const view = await this.#look(signal);
      if (signal.aborted) return;
      onView(view);
      await pause.wait(WATCH_MS);
    }
  }

  /** Something happened: the node is looked at again without waiting. */
  wake(): void {
    this.#pause?.wake();
  }

  /** @throws {RpcError} */
  blockHashAt(height: number, signal: AbortSignal): Promise<string> {
    return this.#questions.blockHashAt(height, signal);
  }

  async #look(signal: AbortSignal): Promise<NodeView> {
    try {
      return { kind: "chain", ...(await this.#questions.chainInfo(signal)) };
    } catch (error) {
      return viewOf(error);
    }
  }

  /** Ends all connections. */
  close(): void {
    this.#questions.close();
  }
}

function viewOf(error: unknown): NodeView {
  if (!(error instanceof AditError)) {
    const reason = `an error of the pool itself: ${String(error)}`;
    return { kind: "fault", state: "failing", reason, code: "internal-error" };
  }
  const { code, message: reason } = error;
  switch (code) {
    case "wrong-network":
      return { kind: "fault", state: "wrong-network", reason, code };
    case "rpc-unreachable":
    case "rpc-timeout":
      return { kind: "fault", state: "unreachable", reason, code };
    default:
      return { kind: "fault", state: "failing", reason, code };
  }
}
