/* tslint:disable */
/* eslint-disable */

/**
 * Version of the layout.
 */
export function abi_version(): number;

/**
 * Forgets a job, if the slot still holds that generation.
 */
export function clear_job(slot: number, generation: number): void;

/**
 * Address of `len` bytes for one job record; 0 where that is longer than any can be.
 */
export function job_ptr(len: number): number;

/**
 * Roots of an extended job for `count` packed extranonces in the share region: 0 done, 1 no such job, 2 invalid.
 */
export function merkle_roots(slot: number, generation: number, extranonce_size: number, count: number): number;

/**
 * Makes the tables, once: 0 done, 1 out of range or done before.
 */
export function reserve(job_slots: number, batch_shares: number): number;

/**
 * Address of the roots that `merkle_roots` writes.
 */
export function roots_ptr(): number;

/**
 * The lowest nonce in the range that meets the target, or -1.
 */
export function scan(start_nonce: number, count: number): number;

/**
 * Takes a header (80 bytes) and a target (32 bytes) from scratch.
 */
export function scan_init(): void;

/**
 * Address of the scratch bytes: 65,536 of input, then 32 of result.
 */
export function scratch_ptr(): number;

/**
 * Registers the job record of `len` bytes: 0 done, 1 no such slot, 2 malformed.
 */
export function set_job(slot: number, generation: number, len: number): number;

/**
 * Double SHA-256 of the first `len` bytes of scratch (at most all of them), written behind the scratch.
 */
export function sha256d(len: number): void;

/**
 * Address of the share records.
 */
export function shares_ptr(): number;

/**
 * Writes a verdict for each of the first `count` shares, four at a time; returns how many.
 */
export function validate(count: number): number;

/**
 * The same, one at a time.
 */
export function validate_scalar(count: number): number;

/**
 * Address of the verdict records.
 */
export function verdicts_ptr(): number;

export type InitInput = RequestInfo | URL | Response | BufferSource | WebAssembly.Module;

export interface InitOutput {
    readonly memory: WebAssembly.Memory;
    readonly abi_version: () => number;
    readonly clear_job: (a: number, b: number) => void;
    readonly job_ptr: (a: number) => number;
    readonly merkle_roots: (a: number, b: number, c: number, d: number) => number;
    readonly reserve: (a: number, b: number) => number;
    readonly roots_ptr: () => number;
    readonly scan: (a: number, b: number) => number;
    readonly scan_init: () => void;
    readonly scratch_ptr: () => number;
    readonly set_job: (a: number, b: number, c: number) => number;
    readonly sha256d: (a: number) => void;
    readonly shares_ptr: () => number;
    readonly validate: (a: number) => number;
    readonly validate_scalar: (a: number) => number;
    readonly verdicts_ptr: () => number;
}

export type SyncInitInput = BufferSource | WebAssembly.Module;

/**
 * Instantiates the given `module`, which can either be bytes or
 * a precompiled `WebAssembly.Module`.
 *
 * @param {{ module: SyncInitInput }} module - Passing `SyncInitInput` directly is deprecated.
 *
 * @returns {InitOutput}
 */
export function initSync(module: { module: SyncInitInput } | SyncInitInput): InitOutput;

/**
 * If `module_or_path` is {RequestInfo} or {URL}, makes a request and
 * for everything else, calls `WebAssembly.instantiate` directly.
 *
 * @param {{ module_or_path: InitInput | Promise<InitInput> }} module_or_path - Passing `InitInput` directly is deprecated.
 *
 * @returns {Promise<InitOutput>}
 */
export default function __wbg_init (module_or_path?: { module_or_path: InitInput | Promise<InitInput> } | InitInput | Promise<InitInput>): Promise<InitOutput>;
