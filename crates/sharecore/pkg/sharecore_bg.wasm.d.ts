/* tslint:disable */
/* eslint-disable */
export const memory: WebAssembly.Memory;
export const abi_version: () => number;
export const clear_job: (a: number, b: number) => void;
export const job_ptr: (a: number) => number;
export const merkle_roots: (a: number, b: number, c: number, d: number) => number;
export const reserve: (a: number, b: number) => number;
export const roots_ptr: () => number;
export const scan: (a: number, b: number) => number;
export const scan_init: () => void;
export const scratch_ptr: () => number;
export const set_job: (a: number, b: number, c: number) => number;
export const sha256d: (a: number) => void;
export const shares_ptr: () => number;
export const validate: (a: number) => number;
export const validate_scalar: (a: number) => number;
export const verdicts_ptr: () => number;
