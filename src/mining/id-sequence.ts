/**
 * Ids that one connection gives out: of its channels and groups, or of its jobs. They rise from 1 and never come again
 * while the connection lives; 0 and 0xFFFFFFFF are none.
 */

/** The last id there is. */
export const MAX_ID = 0xffff_fffe;

export class IdSequence {
  #last: number;

  /** @param last the id before the first one that is given out. */
  constructor(last = 0) {
    this.#last = last;
  }

  /** Ids that were not given out yet. */
  get left(): number {
    return MAX_ID - this.#last;
  }

  /** @throws {RangeError} where none is left. */
  next(): number {
    if (this.left === 0) throw new RangeError("all ids of the connection were given out");
    this.#last += 1;
    return this.#last;
  }
}
