/**
 * Hands out extranonce prefixes: `instance id (2 bytes, big-endian) ‖ allocation`. The allocation counts up from the time
 * at which the process started, so that no prefix is given again, by one process or by the next one with that instance
 * id: while a tip lives, a job may be the very job of before a restart. None begins with another, and processes with
 * different instance ids cannot meet. So no two channels of a pool search the same headers. SV2 §5.1.2.1.
 */

const INSTANCE_BYTES = 2;
/** Bytes of the counter: 4 for the second of the start, which last until 2106, and 2 for the channels of a second. */
const COUNTER_BYTES = 6;
/**
 * The numbers of one second. A process would have to open more channels a second than that, on average over its whole
 * life, to reach those of a successor.
 */
const ALLOCATIONS_PER_SECOND = 2 ** 16;
const MIN_PREFIX_BYTES = INSTANCE_BYTES + COUNTER_BYTES;
/** A channel's extranonce has 32 bytes at most. */
const MAX_PREFIX_BYTES = 32;

export class ExtranonceAllocator {
  #instanceId: number;
  #allocated: number;

  /** @param instanceId 0 to 65,535. @param startedAtMs milliseconds since the epoch at which the process started. */
  constructor(instanceId: number, startedAtMs: number) {
    this.#instanceId = checkedInstanceId(instanceId);
    this.#allocated = Math.floor(startedAtMs / 1000) * ALLOCATIONS_PER_SECOND;
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
   */
  allocate(prefixBytes: number): Uint8Array {
    if (prefixBytes < MIN_PREFIX_BYTES || prefixBytes > MAX_PREFIX_BYTES) {
      throw new RangeError(`a prefix has ${MIN_PREFIX_BYTES} to ${MAX_PREFIX_BYTES} bytes, not ${prefixBytes}`);
    }
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
