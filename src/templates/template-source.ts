/** What every source of templates offers, whichever node stands behind it. */

import type { Template } from "./template.ts";

/**
 * Whether work may be made from what the source last sent:
 * - `ready`: the newest template stands on the node's tip.
 * - `unavailable`: it does not, or nobody knows; `reason` is a sentence for an operator, `code` the fault's in
 *   docs/errors.md where there is one. No new work is sent. Whoever listens says so: a source logs it for debugging only.
 */
export type SourceState =
  | { readonly kind: "ready" }
  | { readonly kind: "unavailable"; readonly reason: string; readonly code?: string | undefined };

export interface TemplateListener {
  /** A new template. `newTip` is true where its prev_hash differs from the one before. */
  onTemplate(template: Template, newTip: boolean): void;
  onState(state: SourceState): void;
}

export interface TemplateSource {
  /** As in `Template.source`; holds no password. */
  readonly name: string;
  /**
   * Begins to deliver templates to `listener`, without end, and recovers alone from every fault of the node.
   * @throws {AditError} with disposition `shutdown` only for what waiting cannot mend (wrong network, signet).
   */
  start(listener: TemplateListener): Promise<void>;
  /** Ends all requests and timers. */
  stop(): Promise<void>;
}

/** Whether nothing new is said by `a` after `b`. */
export function sameState(a: SourceState, b: SourceState | undefined): boolean {
  if (a.kind === "ready" || b?.kind !== "unavailable") return a.kind === b?.kind;
  return a.reason === b.reason;
}
