/** Lets so many calls be under way at once; the others wait, the newest of them first, and no more than so many. */

export type CallGateOptions = {
  readonly maxAtOnce: number;
  /** Beyond it the one that has waited longest is turned away. */
  readonly maxWaiting: number;
};

type Waiting = { readonly begin: () => void; readonly turnAway: () => void };

export class CallGate {
  readonly #options: CallGateOptions;
  #underWay = 0;
  /** Newest last. */
  readonly #waiting: Waiting[] = [];

  constructor(options: CallGateOptions) {
    this.#options = options;
  }

  /** What the call gives, which is made at once where there is room; `turnedAway` where it never was made. */
  run<T>(call: () => Promise<T>, turnedAway: T): Promise<T> {
    if (this.#underWay < this.#options.maxAtOnce) return this.#begin(call);
    return new Promise((resolve) => {
      this.#waiting.push({ begin: () => resolve(this.#begin(call)), turnAway: () => resolve(turnedAway) });
      if (this.#waiting.length > this.#options.maxWaiting) this.#waiting.shift()?.turnAway();
    });
  }

  #begin<T>(call: () => Promise<T>): Promise<T> {
    this.#underWay += 1;
    return call().finally(() => {
      this.#underWay -= 1;
      this.#waiting.pop()?.begin();
    });
  }
}
