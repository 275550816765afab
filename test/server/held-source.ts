/** A source of templates whose every word a test says. */

import type { BlockNode, BlockStanding, SubmitResult } from "../../src/templates/block-node.ts";
import type { Template } from "../../src/templates/template.ts";
import type { SourceState, TemplateListener, TemplateSource } from "../../src/templates/template-source.ts";

export type HeldSubmission = {
  readonly block: Uint8Array;
  answer(result: SubmitResult): void;
  /** The promise rejects, which no source should let happen. */
  reject(error: unknown): void;
};

export class HeldSource implements TemplateSource, BlockNode {
  readonly name: string;
  /** Oldest first. */
  readonly submissions: HeldSubmission[] = [];
  /** Hashes that it was to prefer, and those whose standing was asked. */
  readonly preferred: Uint8Array[] = [];
  readonly asked: Uint8Array[] = [];
  /** What it says of every block, at once. */
  standing: BlockStanding = { kind: "failed", reason: "it does not say" };
  onAsk: () => Promise<BlockStanding> = async () => this.standing;
  onPrefer: () => Promise<boolean> = async () => true;
  stopped = false;
  /** Called within `submitBlock`. */
  onSubmit: () => void = () => undefined;
  #listener: TemplateListener | undefined;

  constructor(name = "node") {
    this.name = name;
  }

  async start(listener: TemplateListener): Promise<void> {
    this.#listener = listener;
  }

  submitBlock(block: Uint8Array): Promise<SubmitResult> {
    this.onSubmit();
    return new Promise((answer, reject) => this.submissions.push({ block, answer, reject }));
  }

  async preferBlock(hash: Uint8Array): Promise<boolean> {
    this.preferred.push(hash);
    return this.onPrefer();
  }

  blockStanding(hash: Uint8Array): Promise<BlockStanding> {
    this.asked.push(hash);
    return this.onAsk();
  }

  async stop(): Promise<void> {
    this.stopped = true;
  }

  /** Says it of the newest submission. */
  answer(result: SubmitResult): void {
    this.submissions.at(-1)?.answer(result);
  }

  give(template: Template, newTip = true): void {
    this.#listener?.onTemplate(template, newTip);
  }

  say(state: SourceState): void {
    this.#listener?.onState(state);
  }
}
