/**
 * Templates of one of several nodes. All are looked at, NodeChoice decides which one is followed, and this file acts: it
 * starts that node's source, ends the one before, and makes one row of templates of what they deliver. A source that was
 * left delivers nothing any more, and its state matters to nobody.
 */

import type { Network } from "../bitcoin/network.ts";
import { bytesEqual } from "../core/bytes.ts";
import type { Clock, Timer } from "../core/clock.ts";
import { AditError } from "../core/errors.ts";
import type { Logger } from "../core/logger.ts";
import { TemplateError } from "./errors.ts";
import { type Change, type FollowedState, NodeChoice } from "./node-choice.ts";
import type { NodeStatus, NodeView } from "./node-view.ts";
import type { NodeWatch } from "./node-watch.ts";
import { refuseSignet } from "./signet.ts";
import type { Template } from "./template.ts";
import { type SourceState, sameState, type TemplateListener, type TemplateSource } from "./template-source.ts";

/** How often it is looked whether a grace has passed. Arbitrary. */
const DECIDE_MS = 500;

/** A source of one node, which can be told that the node has a new tip. */
export interface NodeSource extends TemplateSource {
  /** @param tip 64 digits as the RPC prints it. */
  hint(tip: string): void;
}

export type FailoverNode = {
  readonly watch: NodeWatch;
  /** A source that was never started. */
  createSource(): NodeSource;
};

type Following = {
  readonly index: number;
  readonly source: NodeSource;
  /** It ended by itself. */
  ended: boolean;
};

export class FailoverSource implements TemplateSource {
  readonly #nodes: readonly FailoverNode[];
  readonly #network: Network;
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #choice: NodeChoice;
  readonly #stop = new AbortController();
  /** What ends, or runs until the end. */
  readonly #running = new Set<Promise<void>>();
  /** The comparison that was last made of each node's chain. */
  readonly #compared = new Map<number, string>();
  #deciding: Timer | undefined;
  #listener: TemplateListener | undefined;
  #following: Following | undefined;
  #told: SourceState | undefined;
  #last: Template | undefined;
  #onFirstState: () => void = () => undefined;
  #onNeverUsable: (error: TemplateError) => void = () => undefined;

  /** @param nodes two or more, in the order of preference. */
  constructor(
    { nodes, network }: { readonly nodes: readonly FailoverNode[]; readonly network: Network },
    { logger, clock }: { readonly logger: Logger; readonly clock: Clock },
  ) {
    this.#nodes = nodes;
    this.#network = network;
    this.#logger = logger;
    this.#clock = clock;
    const names = nodes.map(({ watch }) => watch.name);
    this.#choice = new NodeChoice(names);
  }

  /** That of the followed node; of the first one before there is one. */
  get name(): string {
    return this.#nameOf(this.#choice.followed ?? 0);
  }

  /** How each node is used now, in the order of preference. */
  get nodes(): readonly NodeStatus[] {
    return this.#choice.status(this.#clock.monotonicMs());
  }

  /**
   * Resolves once the chosen node's first try brought a template, or the reason why there is none.
   * @throws {TemplateError} `signet-unsupported`, or `wrong-network` where that is so of every node.
   */
  async start(listener: TemplateListener): Promise<void> {
    refuseSignet(this.#network);
    this.#listener = listener;
    const known = new Promise<void>((resolve, reject) => {
      this.#onFirstState = resolve;
      this.#onNeverUsable = reject;
    });
    this.#stop.signal.addEventListener("abort", () => this.#onFirstState(), { once: true });
    this.#deciding = this.#clock.every(DECIDE_MS, () => this.#decide());
    for (const [index, { watch }] of this.#nodes.entries()) {
      this.#keep(watch.run(this.#stop.signal, (view) => this.#saw(index, view)));
    }
    this.#decide();
    try {
      await known;
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /**
   * The node with that place in the order is said to have `tip` as its best block now.
   * @param tip 64 digits as the RPC prints it.
   */
  hint(index: number, tip: string): void {
    if (this.#following?.index === index) this.#following.source.hint(tip);
    this.#nodes[index]?.watch.wake();
  }

  #saw(index: number, view: NodeView): void {
    this.#choice.saw(index, view, this.#clock.monotonicMs());
    const following = this.#following;
    // Its source gave up since the node was of another network, and it no longer is.
    if (following?.ended && following.index === index && view.kind === "chain") this.#follow(index);
    this.#decide();
    this.#compare();
  }

  #decide(): void {
    if (this.#stop.signal.aborted) return;
    const changes = this.#choice.decide(this.#clock.monotonicMs());
    for (const change of changes) this.#say(change);
    const { heldBack } = this.#choice;
    if (heldBack !== undefined) {
      const { reason, code } = heldBack;
      this.#leave();
      this.#tellState({ kind: "unavailable", reason, code });
      return;
    }
    const { followed, allOfOtherNetworks: wrong } = this.#choice;
    if (followed === undefined) {
      if (wrong !== undefined) this.#onNeverUsable(new TemplateError("wrong-network", wrong.reason));
      return;
    }
    if (followed === this.#following?.index) return;
    const forced = changes.find((change) => change.kind === "moved" && change.forced);
    this.#follow(followed);
    if (forced?.kind === "moved") {
      const reason = `templates are to come from ${this.#nameOf(followed)} now, since ${forced.reason}`;
      this.#tellState({ kind: "unavailable", reason });
    }
  }

  #follow(index: number): void {
    const node = this.#nodes[index];
    if (node === undefined) return;
    this.#leave();
    const following: Following = { index, source: node.createSource(), ended: false };
    this.#following = following;
    const isLeft = (): boolean => this.#following !== following;
    const started = following.source.start({
      onTemplate: (template) => {
        if (!isLeft()) this.#onTemplate(template);
      },
      onState: (state) => {
        if (!isLeft()) this.#onState(state);
      },
    });
    const failed = started.catch((error: unknown) => {
      following.ended = true;
      if (!isLeft()) this.#onState(stateOf(error));
    });
    this.#keep(failed);
  }

  #leave(): void {
    if (this.#following !== undefined) this.#keep(this.#following.source.stop());
    this.#following = undefined;
  }

  #onTemplate(template: Template): void {
    const last = this.#last;
    const newTip = last === undefined || !bytesEqual(last.prevHash, template.prevHash);
    const numbered: Template = { ...template, templateId: (last?.templateId ?? 0) + 1 };
    this.#last = numbered;
    if (last === undefined) this.#logger.info("templates come from this node", { node: this.name });
    // What chain it is of is known by a look at its node, which may be the last one that it answers.
    if (newTip && this.#following !== undefined) this.#nodes[this.#following.index]?.watch.wake();
    this.#listener?.onTemplate(numbered, newTip);
  }

  #onState(state: SourceState): void {
    this.#tellState(state);
    const followed = followedState(state);
    this.#choice.source(followed, this.#clock.monotonicMs());
    // Whether only its templates fail is known at once, and not with the next look at it.
    if (followed.kind === "failed" && this.#following !== undefined) this.#nodes[this.#following.index]?.watch.wake();
    this.#decide();
  }

  #tellState(state: SourceState): void {
    if (sameState(state, this.#told)) return;
    this.#told = state;
    this.#listener?.onState(state);
    this.#onFirstState();
  }

  /** Asks, of each chain with less work, whether it is another one; once while it stays as it is. */
  #compare(): void {
    const wanted = this.#choice.comparisons();
    const asked = new Map(wanted.map((comparison) => [comparison.node, JSON.stringify(comparison)]));
    for (const node of this.#compared.keys()) if (!asked.has(node)) this.#compared.delete(node);
    for (const comparison of wanted) {
      const { node, heavier, height } = comparison;
      const key = JSON.stringify(comparison);
      if (this.#compared.get(node) === key) continue;
      this.#compared.set(node, key);
      const hashes = [node, heavier].map((index) => this.#nodes[index]?.watch.blockHashAt(height, this.#stop.signal));
      const compared = Promise.all(hashes).then(
        ([own, other]) => {
          this.#choice.compared(comparison, own !== other);
          this.#decide();
        },
        // Asked again after the next look at a node.
        () => void this.#compared.delete(node),
      );
      this.#keep(compared);
    }
  }

  #say(change: Change): void {
    switch (change.kind) {
      case "moved": {
        const context = { from: this.#nameOf(change.from), to: this.#nameOf(change.to), reason: change.reason };
        if (change.forced) this.#logger.warn("templates from another node", context);
        else this.#logger.info("templates from another node", context);
        return;
      }
      case "unusable": {
        const { node, state, code, reason } = change;
        this.#logger.warn("node cannot be used for templates", { node: this.#nameOf(node), state, code, reason });
        return;
      }
      case "usable":
        this.#logger.info("node can be used for templates again", { node: this.#nameOf(change.node) });
        return;
      case "forgotten": {
        const { node, chain } = change;
        const context = { node: this.#nameOf(node), height: chain.height, tip: chain.tip };
        this.#logger.warn("nodes with less work than this one showed can be used again", context);
      }
    }
  }

  #nameOf(index: number): string {
    return this.#nodes[index]?.watch.name ?? "";
  }

  #keep(running: Promise<void>): void {
    const kept = running
      .catch((error: unknown) => this.#logger.error("a source of templates did not end well", { error }))
      .finally(() => this.#running.delete(kept));
    this.#running.add(kept);
  }

  /** Ends all requests. Nothing is told to the listener any more. */
  async stop(): Promise<void> {
    this.#stop.abort();
    this.#deciding?.cancel();
    this.#leave();
    for (const { watch } of this.#nodes) watch.close();
    await Promise.all(this.#running);
  }
}

/** A node whose template does not stand on its tip yet is late; any other fault is one. */
function followedState(state: SourceState): FollowedState {
  if (state.kind === "ready") return state;
  const { code, reason } = state;
  return { kind: code === undefined || code === "template-stale" ? "stale" : "failed", reason };
}

function stateOf(error: unknown): SourceState {
  if (error instanceof AditError) return { kind: "unavailable", reason: error.message, code: error.code };
  return { kind: "unavailable", reason: `an error of the pool itself: ${String(error)}`, code: "internal-error" };
}
