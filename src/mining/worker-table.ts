/**
 * Values by the name of a worker, found by the name's bytes: no text is made per share. Names are never taken out.
 */

import { bytesEqual } from "../core/bytes.ts";

/** Slots at first; a power of two. A proxy with more workers has them doubled. */
const FIRST_SLOTS = 16;

export class WorkerTable<T> {
  readonly #limit: number;
  /** So that nobody can choose names that all fall on one slot. */
  readonly #seed = Math.floor(Math.random() * 2 ** 32);
  /** 0, or one more than the name's number. Half of them are free. */
  #slots = new Uint32Array(FIRST_SLOTS);
  readonly #names: Uint8Array[] = [];
  readonly #values: T[] = [];

  /** @param limit the most names that it takes. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#names.length;
  }

  get full(): boolean {
    return this.#names.length >= this.#limit;
  }

  find(name: Uint8Array): T | undefined {
    const number = this.#slots[this.#slotOf(name)] ?? 0;
    return number === 0 ? undefined : this.#values[number - 1];
  }

  /** Adds a name, of which it keeps a copy; the caller has seen that it is not there and that the table is not `full`. */
  add(name: Uint8Array, value: T): void {
    this.#names.push(name.slice());
    this.#values.push(value);
    if (2 * this.#names.length > this.#slots.length) this.#grow();
    else this.#slots[this.#slotOf(name)] = this.#names.length;
  }

  /** The slot of that name, or the free one where it would be. */
  #slotOf(name: Uint8Array): number {
    const mask = this.#slots.length - 1;
    let slot = this.#hash(name) & mask;
    for (let number = this.#slots[slot] ?? 0; number !== 0; number = this.#slots[slot] ?? 0) {
      const known = this.#names[number - 1];
      if (known !== undefined && bytesEqual(known, name)) break;
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  /** FNV-1a, with the high bits brought down. */
  #hash(name: Uint8Array): number {
    let hash = this.#seed;
    for (let index = 0; index < name.length; index += 1) hash = Math.imul(hash ^ (name[index] ?? 0), 0x01000193);
    return (hash ^ (hash >>> 15)) >>> 0;
  }

  #grow(): void {
    this.#slots = new Uint32Array(2 * this.#slots.length);
    for (const [index, name] of this.#names.entries()) this.#slots[this.#slotOf(name)] = index + 1;
  }
}
