/** An end within an end: a controller that is aborted with its parent, and can be aborted alone. */

export class LinkedAbort {
  readonly #controller = new AbortController();
  readonly #parent: AbortSignal;
  readonly #abort = (): void => this.#controller.abort();

  constructor(parent: AbortSignal) {
    this.#parent = parent;
    if (parent.aborted) this.#controller.abort();
    else parent.addEventListener("abort", this.#abort, { once: true });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Aborts this one, and leaves nothing behind at the parent, which may live for months. */
  abort(): void {
    this.#parent.removeEventListener("abort", this.#abort);
    this.#controller.abort();
  }
}
