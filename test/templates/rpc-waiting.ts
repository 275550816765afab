/** Events of a source, kept in order for tests that wait for them. */

import type { Template } from "../../src/templates/template.ts";
import type { SourceState, TemplateListener } from "../../src/templates/template-source.ts";
import { within } from "../support/wait.ts";

/** Events in order; `next` takes the oldest, and waits for one where there is none. */
export class EventQueue<T> {
  readonly #events: T[] = [];
  readonly #takers: ((event: T) => void)[] = [];

  push(event: T): void {
    const taker = this.#takers.shift();
    if (taker === undefined) this.#events.push(event);
    else taker(event);
  }

  /** Those that nobody has taken. */
  get left(): readonly T[] {
    return this.#events;
  }

  next(what: string): Promise<T> {
    const event = this.#events.shift();
    if (event !== undefined) return Promise.resolve(event);
    return within(new Promise<T>((resolve) => void this.#takers.push(resolve)), what);
  }
}

/** Keeps what a source tells its listener, templates and states in one order. */
export class Recorder implements TemplateListener {
  readonly templates = new EventQueue<{ template: Template; newTip: boolean }>();
  readonly states = new EventQueue<SourceState>();
  /** Everything so far, shortened: `template 1 tip`, `template 2`, `ready`, `unavailable`. */
  readonly order: string[] = [];

  onTemplate(template: Template, newTip: boolean): void {
    this.order.push(`template ${template.templateId}${newTip ? " tip" : ""}`);
    this.templates.push({ template, newTip });
  }

  onState(state: SourceState): void {
    this.order.push(state.kind);
    this.states.push(state);
  }

  template(): Promise<{ template: Template; newTip: boolean }> {
    return this.templates.next("a template");
  }

  /** The next state, which has to be `unavailable`. */
  async unavailable(): Promise<string> {
    const state = await this.states.next("state unavailable");
    if (state.kind !== "unavailable") throw new Error("the state is ready, and not unavailable");
    return state.reason;
  }

  async ready(): Promise<void> {
    const state = await this.states.next("state ready");
    if (state.kind !== "ready") throw new Error(`the state is not ready: ${state.reason}`);
  }
}
