/**
 * Extension 0x0002: behind the fields of a SubmitSharesExtended stands the name of the worker that found the share.
 * Specification, extensions/0x0002.
 */

import { findTlv, type TlvSearch } from "./tlv.ts";

export const WORKER_TRACKING = 0x0002;

/** What the extension allows a name to have. */
export const MAX_WORKER_NAME_BYTES = 32;

/** The name of a share that names no worker. */
export const NO_WORKER: Uint8Array = new Uint8Array(0);

const USER_IDENTITY = 0x01;

export class WorkerField {
  readonly #name = new Uint8Array(MAX_WORKER_NAME_BYTES);
  /** Views of its first 0 to 32 bytes: made once, so that no share makes one. */
  readonly #views: readonly Uint8Array[] = Array.from({ length: MAX_WORKER_NAME_BYTES + 1 }, (_, length) =>
    this.#name.subarray(0, length),
  );
  readonly #search: TlvSearch = { extensionType: WORKER_TRACKING, fieldType: USER_IDENTITY, start: 0, length: 0 };

  /**
   * The worker's name in a payload whose TLVs begin at `tlvStart`; empty where there is none. It holds until the next
   * call. One that is longer than the extension allows is given whole.
   */
  read(payload: Uint8Array, tlvStart: number): Uint8Array {
    if (!findTlv(payload, tlvStart, this.#search)) return NO_WORKER;
    const { start, length } = this.#search;
    if (length > MAX_WORKER_NAME_BYTES) return payload.subarray(start, start + length);
    for (let index = 0; index < length; index += 1) this.#name[index] = payload[start + index] ?? 0;
    return this.#views[length] ?? NO_WORKER;
  }
}
