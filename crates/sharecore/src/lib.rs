//! The hashing core of a mining pool: shares in packed records, verdicts out, four at a time.
//!
//! Numbers go through the exported functions, data through regions of this module's memory whose addresses they return.
//! README.md has the layout of the records. One module instance belongs to one thread.

#![deny(unsafe_op_in_unsafe_fn)]

pub mod engine;
pub mod hashing;
pub mod job;
pub mod scan;
pub mod sha256;
pub mod word;

use core::cell::RefCell;
use engine::Engine;
use job::MAX_JOB_RECORD;
use scan::Scan;
use wasm_bindgen::prelude::wasm_bindgen;
use word::U32x4;

/// The layout that this module speaks.
const ABI_VERSION: u32 = 1;
/// Bytes of scratch; the result of `sha256d` lies behind them.
const SCRATCH: usize = 65_536;

#[derive(Default)]
struct Core {
    engine: Engine,
    job_record: Vec<u8>,
    scratch: Vec<u8>,
    scan: Scan,
}

thread_local! {
    static CORE: RefCell<Core> = RefCell::new(Core::default());
}

fn with<T>(f: impl FnOnce(&mut Core) -> T) -> T {
    CORE.with(|core| f(&mut core.borrow_mut()))
}

/// Version of the layout.
#[wasm_bindgen]
pub fn abi_version() -> u32 {
    ABI_VERSION
}

/// Makes the tables, once: 0 done, 1 out of range or done before.
#[wasm_bindgen]
pub fn reserve(job_slots: u32, batch_shares: u32) -> u32 {
    with(|core| {
        u32::from(
            !core
                .engine
                .reserve(job_slots as usize, batch_shares as usize),
        )
    })
}

/// Address of `len` bytes for one job record; 0 where that is longer than any can be.
#[wasm_bindgen]
pub fn job_ptr(len: u32) -> u32 {
    with(|core| {
        if len as usize > MAX_JOB_RECORD {
            return 0;
        }
        if core.job_record.len() < len as usize {
            core.job_record.resize(len as usize, 0);
        }
        core.job_record.as_ptr() as usize as u32
    })
}

/// Registers the job record of `len` bytes: 0 done, 1 no such slot, 2 malformed.
#[wasm_bindgen]
pub fn set_job(slot: u32, generation: u32, len: u32) -> u32 {
    with(|core| match core.job_record.get(..len as usize) {
        Some(record) => core.engine.set_job(slot as usize, generation, record),
        None => 2,
    })
}

/// Forgets a job, if the slot still holds that generation.
#[wasm_bindgen]
pub fn clear_job(slot: u32, generation: u32) {
    with(|core| core.engine.clear_job(slot as usize, generation));
}

/// Address of the share records.
#[wasm_bindgen]
pub fn shares_ptr() -> u32 {
    with(|core| core.engine.shares.as_ptr() as usize as u32)
}

/// Address of the verdict records.
#[wasm_bindgen]
pub fn verdicts_ptr() -> u32 {
    with(|core| core.engine.verdicts.as_ptr() as usize as u32)
}

/// Address of the roots that `merkle_roots` writes.
#[wasm_bindgen]
pub fn roots_ptr() -> u32 {
    with(|core| core.engine.roots.as_ptr() as usize as u32)
}

/// Writes a verdict for each of the first `count` shares, four at a time; returns how many.
#[wasm_bindgen]
pub fn validate(count: u32) -> u32 {
    with(|core| core.engine.validate::<U32x4>(count as usize) as u32)
}

/// The same, one at a time.
#[wasm_bindgen]
pub fn validate_scalar(count: u32) -> u32 {
    with(|core| core.engine.validate::<u32>(count as usize) as u32)
}

/// Roots of an extended job for `count` packed extranonces in the share region: 0 done, 1 no such job, 2 invalid.
#[wasm_bindgen]
pub fn merkle_roots(slot: u32, generation: u32, extranonce_size: u32, count: u32) -> u32 {
    with(|core| {
        core.engine.merkle_roots::<U32x4>(
            slot as usize,
            generation,
            extranonce_size as usize,
            count as usize,
        )
    })
}

/// Address of the scratch bytes: 65,536 of input, then 32 of result.
#[wasm_bindgen]
pub fn scratch_ptr() -> u32 {
    with(|core| {
        core.scratch.resize(SCRATCH + 32, 0);
        core.scratch.as_ptr() as usize as u32
    })
}

/// Double SHA-256 of the first `len` bytes of scratch (at most all of them), written behind the scratch.
#[wasm_bindgen]
pub fn sha256d(len: u32) {
    with(|core| {
        core.scratch.resize(SCRATCH + 32, 0);
        let hash = sha256::sha256d(&core.scratch[..(len as usize).min(SCRATCH)]);
        core.scratch[SCRATCH..].copy_from_slice(&hash);
    });
}

/// Takes a header (80 bytes) and a target (32 bytes) from scratch.
#[wasm_bindgen]
pub fn scan_init() {
    with(|core| {
        core.scratch.resize(SCRATCH + 32, 0);
        let mut header = [0u8; 80];
        let mut target = [0u8; 32];
        header.copy_from_slice(&core.scratch[..80]);
        target.copy_from_slice(&core.scratch[80..112]);
        core.scan = Scan::new(&header, &target);
    });
}

/// The lowest nonce in the range that meets the target, or -1.
#[wasm_bindgen]
pub fn scan(start_nonce: u32, count: u32) -> f64 {
    with(|core| {
        core.scan
            .search::<U32x4>(start_nonce, count)
            .map_or(-1.0, f64::from)
    })
}
