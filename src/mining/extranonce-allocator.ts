/**
 * Hands out extranonce prefixes: `instance id (2 bytes, big-endian) ‖ allocation`. The allocation counts up from a number
 * that each process draws for itself, so that none is given again: not by one process, which refuses where its numbers
 * end, nor by the next one with that instance id. While a tip lives, a job may be the very job of before a restart, and
 * shares of before would be credited again. The time of the start would not do as that number: a clock can be set back.
 * None begins with another, and processes with different instance ids cannot meet. So no two channels of a pool search
 * the same headers. SV2 §5.1.2.1.
 */

const INSTANCE_BYTES = 2;
const COUNTER_BYTES = 6;
/** The last number that the counter's bytes hold. */
export const MAX_ALLOCATION: number = 2 ** 48 - 1;
/**
 * Of how many numbers a process draws the one that it begins after. Two that open a million channels each meet with a
 * chance of one in 70 million; as many numbers lie beyond the last, which no process comes to the end of.
 */
export const FIRST_ALLOCATIONS: number = 2 ** 47;
const MIN_PREFIX_BYTES = INSTANCE_BYTES + COUNTER_BYTES;
/** A channel's extranonce has 32 bytes at most. */
const MAX_PREFIX_BYTES = 32;

export class ExtranonceAllocator {
  #instanceId: number;
  #allocated: number;

  /** @param instanceId 0 to 65,535. @param allocated the number before the first one that is given out. */
  constructor(instanceId: number, allocated: number) {
    this.#instanceId = checkedInstanceId(instanceId);
    this.#allocated = allocated;
  }

  /** Prefixes that can still be given out. */
  get left(): number {
    return MAX_ALLOCATION - this.#allocated;
  }

  get instanceId(): number {
    return this.#instanceId;
  }

  /** Prefixes that are allocated from now on begin with that id, 0 to 65,535; the numbers go on. */
  set instanceId(instanceId: number) {
    this.#instanceId = checkedInstanceId(instanceId);
  }

  /**
   * A prefix of that length, 8 to 32 bytes. Since every allocation takes a number of its own and all prefixes carry
   * their number in the same place, no prefix begins with another one, whatever their lengths.
   * @throws {RangeError} for another length, and where none is left.
   */
  allocate(prefixBytes: number): Uint8Array {
    if (prefixBytes < MIN_PREFIX_BYTES || prefixBytes > MAX_PREFIX_BYTES) {
      throw new RangeError(`a prefix has ${MIN_PREFIX_BYTES} to ${MAX_PREFIX_BYTES} bytes, not ${prefixBytes}`);
    }
    if (this.left === 0) throw new RangeError("all extranonce prefixes of the process were given out");
    this.#allocated += 1;
    const prefix = new Uint8Array(prefixBytes);
    const view = new DataView(prefix.buffer);
    view.setUint16(0, this.#instanceId);
    view.setUint16(INSTANCE_BYTES, Math.floor(this.#allocated / 2 ** 32));
    view.setUint32(INSTANCE_BYTES + 2, this.#allocated % 2 ** 32);
    return prefix;
  }
}

function checkedInstanceId(instanceId: number): number {
  if (Number.isInteger(instanceId) && instanceId >= 0 && instanceId <= 0xffff) return instanceId;
  throw new RangeError(`an instance id is a whole number from 0 to 65535, not ${instanceId}`);
}
