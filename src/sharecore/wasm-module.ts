/**
 * Loads the WASM core's module, and makes instances of it. Synchronous, so that it works under `import` and
 * `require()` alike, and without the generated glue: the glue keeps one instance per thread in a module variable,
 * while here each validator and each scanner has an instance of its own. Their jobs, memories and failures stay
 * apart, and what one of them reserved goes away with it. That is possible because the core's functions take and
 * return only numbers: the module imports nothing, and an instance of one that does is refused.
 */

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { SharecoreError } from "./errors.ts";

declare const compiledCore: unique symbol;

/** A compiled module. It can be sent to a worker thread. */
export type CompiledCore = { readonly [compiledCore]: true };

/** What the core exports; see crates/sharecore. Addresses and counts are unsigned but arrive as signed integers. */
export type CoreExports = {
  readonly memory: { readonly buffer: ArrayBuffer };
  abi_version(): number;
  reserve(jobSlots: number, batchShares: number): number;
  job_ptr(lengthBytes: number): number;
  set_job(slot: number, generation: number, lengthBytes: number): number;
  clear_job(slot: number, generation: number): void;
  shares_ptr(): number;
  verdicts_ptr(): number;
  roots_ptr(): number;
  validate(count: number): number;
  validate_scalar(count: number): number;
  merkle_roots(slot: number, generation: number, extranonceSize: number, count: number): number;
  scratch_ptr(): number;
  sha256d(lengthBytes: number): void;
  scan_init(): void;
  scan(startNonce: number, count: number): number;
};

/** The part of the global `WebAssembly` that is used here; TypeScript has it in its browser library only. */
type WebAssemblyApi = {
  readonly Module: new (bytes: Uint8Array) => CompiledCore;
  readonly Instance: new (module: CompiledCore) => { readonly exports: unknown };
};

const { WebAssembly: webAssembly } = globalThis as unknown as { readonly WebAssembly: WebAssemblyApi };

const ABI_VERSION = 1;

/** Compiled once per thread. */
let ownModule: CompiledCore | undefined;
const modulesByBytes = new WeakMap<Uint8Array, CompiledCore>();

/**
 * The module of the package, or of `moduleBytes` where they are given, compiled at the first call.
 * @throws {SharecoreError} `core-unusable`.
 */
export function loadModule(moduleBytes?: Uint8Array): CompiledCore {
  if (moduleBytes === undefined) {
    ownModule ??= compile(readOwnModule, "install the package again");
    return ownModule;
  }
  let module = modulesByBytes.get(moduleBytes);
  if (module === undefined) {
    module = compile(() => moduleBytes, "moduleBytes have to be the package's own .wasm");
    modulesByBytes.set(moduleBytes, module);
  }
  return module;
}

function readOwnModule(): Uint8Array {
  return readFileSync(createRequire(import.meta.url).resolve("#sharecore-wasm"));
}

function compile(read: () => Uint8Array, advice: string): CompiledCore {
  try {
    return new webAssembly.Module(read());
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const message = `the WebAssembly core cannot be loaded (${reason}): ${advice}`;
    throw new SharecoreError(message, { code: "core-unusable", cause });
  }
}

/**
 * A fresh instance with a memory of its own.
 * @throws {SharecoreError} `core-unusable` where it does not start, or has another version.
 */
export function instantiate(module: CompiledCore): CoreExports {
  let core: CoreExports;
  try {
    core = new webAssembly.Instance(module).exports as CoreExports;
  } catch (cause) {
    throw new SharecoreError("the WebAssembly core cannot be started", { code: "core-unusable", cause });
  }
  const version = core.abi_version();
  if (version === ABI_VERSION) return core;
  throw new SharecoreError("the WebAssembly core has another version", {
    code: "core-unusable",
    details: { version, expectedVersion: ABI_VERSION },
  });
}
