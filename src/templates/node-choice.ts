/**
 * Which of several nodes gives the templates: a machine without I/O and without a clock of its own. It is told what is
 * seen of each node, and how the source of the followed one does, and decides; whoever owns it asks nodes and acts.
 *
 * A node is usable that answers, is of the pool's network, and whose chain has as much work as any that was shown within
 * the last hour, also by a node that is gone since. Equal work on two tips is a race, and no reason to move.
 */

import { type Comparison, NodeChains } from "./node-chains.ts";
import { allBehind, type Fault } from "./node-faults.ts";
import type { FaultView, NodeStatus, NodeView, Unusable } from "./node-view.ts";
import type { Shown } from "./shown-work.ts";

/**
 * How long the followed node may have less work than another, or a tip without a template for it. Blocks reach all nodes
 * of an operator within a second; to leave for less would start a source anew with every block.
 */
export const GRACE_MS = 2_500;
/** How long a new source may take for its first template: building one takes seconds with a large mempool. */
export const FIRST_TEMPLATE_MS = 10_000;
/** How long the choice waits for nodes that have not answered yet: those near by do within milliseconds. */
export const FIRST_ANSWERS_MS = 1_000;
/** How long a node whose templates failed is not tried again for another's that fail. Arbitrary. */
export const REST_MS = 10_000;
/** How long an earlier node has to be usable, without a break, before it gives the templates again. Arbitrary. */
export const RETURN_MS = 60_000;
/** How long a node has to be usable again before that is said: one that comes and goes fills no log. Arbitrary. */
export const SAID_USABLE_MS = 10_000;

/** How the source of the followed node does. `failed`: it cannot be used now; `stale`: its template is not the tip's. */
export type FollowedState =
  | { readonly kind: "starting" | "ready" }
  | { readonly kind: "stale" | "failed"; readonly reason: string };

/** What is to be told to the operator. */
export type Change =
  | {
      readonly kind: "moved";
      readonly from: number;
      readonly to: number;
      readonly reason: string;
      readonly forced: boolean;
    }
  | {
      readonly kind: "unusable";
      readonly node: number;
      readonly state: Unusable;
      readonly reason: string;
      readonly code?: string;
    }
  | { readonly kind: "usable"; readonly node: number }
  /** Its chain had the most work, and was shown too long ago to count any more. */
  | ({ readonly kind: "forgotten" } & Shown);

type Member = {
  readonly name: string;
  view: NodeView | undefined;
  /** Since when it answers with a fault. */
  faultSinceMs: number | undefined;
  /** Since when it is usable without a break, and without having been left. */
  usableSinceMs: number | undefined;
  /** It was left for its templates, and is not chosen before that. */
  restsUntilMs: number;
  said: Unusable | undefined;
};

export class NodeChoice {
  readonly #members: readonly Member[];
  readonly #chains: NodeChains;
  /** When a choice was asked for first. */
  #startedMs: number | undefined;
  #followed: number | undefined;
  #source: FollowedState = { kind: "starting" };
  #sourceSinceMs = 0;
  #heldBack: Omit<Fault, "state"> | undefined;

  /** @param names of the nodes, in the order of preference. */
  constructor(names: readonly string[]) {
    this.#chains = new NodeChains(names, GRACE_MS);
    this.#members = names.map((name) => ({
      name,
      view: undefined,
      faultSinceMs: undefined,
      usableSinceMs: undefined,
      restsUntilMs: 0,
      said: undefined,
    }));
  }

  /** The node that gives the templates; undefined before the first choice. */
  get followed(): number | undefined {
    return this.#followed;
  }

  /**
   * Why the followed node is to have no source, nor any other: those that answer have less work than was shown, or none
   * answers. What the followed one has is seen before its source starts anew.
   */
  get heldBack(): Omit<Fault, "state"> | undefined {
    return this.#heldBack;
  }

  /** The first node's fault, where every node is of another network. */
  get allOfOtherNetworks(): FaultView | undefined {
    const views = this.#members.map(({ view }) => view);
    const [first] = views;
    const isWrong = (view: NodeView | undefined): boolean => view?.kind === "fault" && view.state === "wrong-network";
    return first?.kind === "fault" && views.every(isWrong) ? first : undefined;
  }

  /** A node's answer, or that it gave none. */
  saw(index: number, view: NodeView, nowMs: number): void {
    const member = this.#member(index);
    member.view = view;
    member.faultSinceMs = view.kind === "fault" ? (member.faultSinceMs ?? nowMs) : undefined;
    this.#chains.saw(index, view.kind === "chain" ? view : undefined, nowMs);
  }

  /** How the source of the followed node does now. */
  source(state: FollowedState, nowMs: number): void {
    if (state.kind !== this.#source.kind) this.#sourceSinceMs = nowMs;
    this.#source = state;
  }

  /** Whether the node is on another chain than the heavier one, by their blocks at the height that was asked for. */
  compared(comparison: Comparison, differ: boolean): void {
    this.#chains.compared(comparison, differ);
  }

  /** Chains that are worth a comparison: of each node that has less work, with one that shows the most. */
  comparisons(): Comparison[] {
    return this.#chains.comparisons();
  }

  /** Chooses anew, as far as there is reason to. */
  decide(nowMs: number): Change[] {
    const forgotten = this.#chains.forget(nowMs);
    const changes: Change[] = forgotten === undefined ? [] : [{ kind: "forgotten", ...forgotten }];
    changes.push(...this.#members.flatMap((_, index) => this.#say(index, nowMs)));
    if (this.#followed === undefined) this.#chooseFirst(nowMs);
    if (this.#followed !== undefined) changes.push(...this.#goOn(this.#followed, nowMs));
    return changes;
  }

  /** Of every node, in the order of preference. */
  status(nowMs: number): NodeStatus[] {
    return this.#members.map(({ name, view }, index) => {
      const place = view?.kind === "chain" ? { height: view.height, tip: view.tip } : {};
      const fault = this.#faultOf(index, nowMs);
      if (fault !== undefined) return { name, state: fault.state, reason: fault.reason, ...place };
      if (index === this.#followed) {
        if (this.#source.kind === "failed") return { name, state: "failing", reason: this.#source.reason, ...place };
        return { name, state: "templates", ...place };
      }
      return { name, state: view === undefined ? "unknown" : "standby", ...place };
    });
  }

  #chooseFirst(nowMs: number): void {
    this.#startedMs ??= nowMs;
    const areKnown = this.#members.every(({ view }) => view !== undefined);
    if (!areKnown && nowMs - this.#startedMs < FIRST_ANSWERS_MS) return;
    const mayRecover = ({ view }: Member): boolean => view?.kind !== "fault" || view.state !== "wrong-network";
    const [usable] = this.#usable(nowMs);
    // Where none is usable, the source of the first one says why, and waits for it.
    const first = usable ?? this.#members.findIndex(mayRecover);
    if (first >= 0) this.#follow(first, nowMs);
  }

  #goOn(from: number, nowMs: number): Change[] {
    // Its source starts anew where it was held back.
    if (this.#heldBack !== undefined && this.#reasonToHold(from, nowMs) === undefined) this.#follow(from, nowMs);
    const moves = this.#move(from, nowMs);
    this.#heldBack = this.#reasonToHold(this.#followed ?? from, nowMs);
    return moves;
  }

  #move(from: number, nowMs: number): Change[] {
    const why = this.#reasonToLeave(from, nowMs);
    if (why !== undefined) {
      const to = this.#otherThan(from, nowMs);
      if (to === undefined) return [];
      const left = this.#member(from);
      left.usableSinceMs = undefined;
      if (why.isTemplates) left.restsUntilMs = nowMs + REST_MS;
      this.#follow(to, nowMs);
      return [{ kind: "moved", from, to, reason: why.reason, forced: true }];
    }
    const isBack = (index: number): boolean =>
      index < from && nowMs - (this.#member(index).usableSinceMs ?? nowMs) >= RETURN_MS;
    const to = this.#usable(nowMs).find(isBack);
    if (to === undefined) return [];
    this.#follow(to, nowMs);
    const reason = `${this.#member(to).name} comes first, and has been usable for ${RETURN_MS / 1_000} s`;
    return [{ kind: "moved", from, to, reason, forced: false }];
  }

  #reasonToHold(index: number, nowMs: number): Omit<Fault, "state"> | undefined {
    const { most } = this.#chains;
    const fault = this.#faultOf(index, nowMs);
    if (most === undefined || fault === undefined) return undefined;
    // The templates of one that only does not answer the questions for its chain may come all the same.
    const mayCome = this.#heldBack === undefined && this.#source.kind !== "failed";
    if (mayCome && this.#member(index).view?.kind === "fault") return undefined;
    const answers = this.#members.some(({ view }) => view?.kind === "chain");
    return answers ? allBehind(this.status(nowMs), most) : fault;
  }

  #follow(index: number, nowMs: number): void {
    this.#followed = index;
    this.#source = { kind: "starting" };
    this.#sourceSinceMs = nowMs;
  }

  /** `isTemplates`: for how its source does, and not for what is seen of the node. */
  #reasonToLeave(index: number, nowMs: number): { reason: string; isTemplates: boolean } | undefined {
    const { faultSinceMs } = this.#member(index);
    const source = this.#source;
    const fault = this.#faultOf(index, nowMs);
    // One failed question is no reason while templates come.
    const doCome = source.kind === "ready" && this.#heldBack === undefined;
    const isPassing = faultSinceMs !== undefined && nowMs - faultSinceMs < GRACE_MS && doCome;
    if (fault !== undefined && !isPassing) return { reason: fault.reason, isTemplates: false };
    const sinceMs = nowMs - this.#sourceSinceMs;
    switch (source.kind) {
      case "ready":
        return undefined;
      case "failed":
        return { reason: source.reason, isTemplates: true };
      case "stale":
        return sinceMs < GRACE_MS ? undefined : { reason: source.reason, isTemplates: true };
      case "starting": {
        const reason = `${this.#member(index).name} has given no template for ${FIRST_TEMPLATE_MS / 1_000} s`;
        return sinceMs < FIRST_TEMPLATE_MS ? undefined : { reason, isTemplates: true };
      }
    }
  }

  /** Where to go from a node that is to be left. One that rests only where the present one cannot recover sooner. */
  #otherThan(from: number, nowMs: number): number | undefined {
    const others = this.#usable(nowMs).filter((index) => index !== from);
    const rested = others.find((index) => this.#member(index).restsUntilMs <= nowMs);
    if (rested !== undefined) return rested;
    return this.#faultOf(from, nowMs) === undefined ? undefined : others[0];
  }

  /**
   * Those without a fault that have as much work as was shown, in the order of preference. The grace is for one that has
   * miners on its work: to go to one that is behind would take them back to a tip that they have left.
   */
  #usable(nowMs: number): number[] {
    return this.#members.flatMap((_, index) =>
      this.#chains.isMost(index) && this.#faultOf(index, nowMs) === undefined ? [index] : [],
    );
  }

  /** Why the node cannot be used; undefined also where it has less work than another for less than the grace. */
  #faultOf(index: number, nowMs: number): Fault | undefined {
    const { view } = this.#member(index);
    if (view?.kind === "fault") return { state: view.state, reason: view.reason, code: view.code };
    return this.#chains.faultOf(index, nowMs);
  }

  /** Keeps count of how long a node is usable, and says once each way that it is not, and that it is again. */
  #say(index: number, nowMs: number): Change[] {
    const member = this.#member(index);
    const fault = this.#faultOf(index, nowMs);
    if (fault !== undefined) {
      member.usableSinceMs = undefined;
      if (fault.state === member.said) return [];
      member.said = fault.state;
      return [{ kind: "unusable", node: index, ...fault }];
    }
    if (member.view === undefined) return [];
    member.usableSinceMs ??= nowMs;
    if (member.said === undefined || nowMs - member.usableSinceMs < SAID_USABLE_MS) return [];
    member.said = undefined;
    return [{ kind: "usable", node: index }];
  }

  #member(index: number): Member {
    const member = this.#members[index];
    if (member === undefined) throw new RangeError(`there is no node ${index}`);
    return member;
  }
}
