/**
 * Searches the nonces of one header, which is what a CPU miner does all day. Every scanner has a core of its own; it
 * blocks its thread while it scans, so long searches belong into a worker thread and into pieces.
 */

import { SharecoreError } from "./errors.ts";
import { sha256d } from "./js-hash.ts";
import { meets } from "./js-verdict.ts";
import { HASH_BYTES, HEADER_BYTES } from "./record-layout.ts";
import { type CoreExports, instantiate, loadModule } from "./wasm-module.ts";

/** All values of the header's nonce field. */
const NONCE_COUNT = 2 ** 32;
const NONCE_OFFSET = 76;
/** What the core's `scan` answers when no nonce meets the target. */
const NONE = -1;

export interface NonceScanner {
  /**
   * Takes a header to search; the one before is forgotten.
   * @param header80 80 bytes as they stand in a block; the nonce in it does not matter.
   * @param target 32 bytes, little-endian; a hash at or below it is found.
   * @throws {RangeError} where a length is wrong.
   */
  init(header80: Uint8Array, target: Uint8Array): void;
  /**
   * Tries `count` nonces from `startNonce` upward.
   * @returns the lowest nonce whose header meets the target; undefined where none does.
   * @throws {RangeError} before `init`, and where the range reaches past 2^32.
   */
  scan(startNonce: number, count: number): number | undefined;
}

export type NonceScannerOptions = {
  /** `wasm` (the default) is made for mining, `js` is the slow and readable form of the same. */
  readonly backend?: "js" | "wasm";
  /** Another build of the WASM core than the package's own. */
  readonly moduleBytes?: Uint8Array;
};

/** @throws {SharecoreError} `core-unusable`, `option-invalid`. */
export function createNonceScanner(options: NonceScannerOptions = {}): NonceScanner {
  const { backend = "wasm", moduleBytes } = options;
  if (backend === "js") return new JsScanner();
  if (backend === "wasm") return new WasmScanner(instantiate(loadModule(moduleBytes)));
  throw new SharecoreError("a nonce scanner's backend is js or wasm", {
    code: "option-invalid",
    details: { backend },
  });
}

class JsScanner implements NonceScanner {
  readonly #header = new Uint8Array(HEADER_BYTES);
  #target: Uint8Array | undefined;

  init(header80: Uint8Array, target: Uint8Array): void {
    checkWork(header80, target);
    this.#header.set(header80);
    this.#target = target.slice();
  }

  scan(startNonce: number, count: number): number | undefined {
    if (this.#target === undefined) throw notInitialised();
    checkRange(startNonce, count);
    const view = new DataView(this.#header.buffer);
    for (let nonce = startNonce; nonce < startNonce + count; nonce += 1) {
      view.setUint32(NONCE_OFFSET, nonce, true);
      if (meets(sha256d(this.#header), this.#target)) return nonce;
    }
    return undefined;
  }
}

class WasmScanner implements NonceScanner {
  readonly #core: CoreExports;
  #ready = false;

  constructor(core: CoreExports) {
    this.#core = core;
  }

  init(header80: Uint8Array, target: Uint8Array): void {
    checkWork(header80, target);
    const core = this.#core;
    const address = core.scratch_ptr() >>> 0;
    const scratch = new Uint8Array(core.memory.buffer, address, HEADER_BYTES + HASH_BYTES);
    scratch.set(header80);
    scratch.set(target, HEADER_BYTES);
    core.scan_init();
    this.#ready = true;
  }

  scan(startNonce: number, count: number): number | undefined {
    if (!this.#ready) throw notInitialised();
    checkRange(startNonce, count);
    // Both are 32-bit parameters; 2^32 nonces are asked for in two halves.
    if (count < NONCE_COUNT) return this.#scan(startNonce, count);
    return this.#scan(0, NONCE_COUNT / 2) ?? this.#scan(NONCE_COUNT / 2, NONCE_COUNT / 2);
  }

  #scan(startNonce: number, count: number): number | undefined {
    const nonce = this.#core.scan(startNonce, count);
    return nonce === NONE ? undefined : nonce;
  }
}

function checkWork(header80: Uint8Array, target: Uint8Array): void {
  if (header80.length !== HEADER_BYTES) throw new RangeError(`a header has 80 bytes, not ${header80.length}`);
  if (target.length !== HASH_BYTES) throw new RangeError(`a target has 32 bytes, not ${target.length}`);
}

function checkRange(startNonce: number, count: number): void {
  const areWhole = Number.isInteger(startNonce) && Number.isInteger(count);
  if (areWhole && startNonce >= 0 && count >= 0 && startNonce + count <= NONCE_COUNT) return;
  throw new RangeError(`nonces are whole numbers below 2^32, not ${count} from ${startNonce}`);
}

function notInitialised(): RangeError {
  return new RangeError("there is no header to search: call init first");
}
