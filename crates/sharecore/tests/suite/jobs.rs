//! The engine's tables, the records of jobs that it takes, and the merkle roots of a job.

use crate::support::{engine, Job, Random};
use sharecore::engine::{Engine, MAX_BATCH, MAX_JOB_SLOTS};
use sharecore::job::{MAX_COINBASE_HALF, MAX_JOB_RECORD};
use sharecore::word::U32x4;

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

#[test]
fn tables_are_made_once_and_within_bounds() {
    for (slots, batch, fits) in [
        (1, 1, true),
        (0, 1, false),
        (1, 0, false),
        (MAX_JOB_SLOTS, 1, true),
        (MAX_JOB_SLOTS + 1, 1, false),
        (1, MAX_BATCH, true),
        (1, MAX_BATCH + 1, false),
    ] {
        assert_eq!(
            Engine::default().reserve(slots, batch),
            fits,
            "{slots} {batch}"
        );
    }
    assert!(!engine(4).reserve(1, 1));
}

#[test]
fn malformed_job_records_are_refused() {
    let mut random = Random(13);
    let mut engine = engine(4);
    let standard = Job::standard(&mut random).record();
    let extended = Job::extended(&mut random, 5, 6, 2).record();
    assert_eq!(engine.set_job(64, 1, &standard), 1);
    for record in [&standard, &extended] {
        assert_eq!(engine.set_job(0, 1, record), 0);
        for len in 0..record.len() {
            assert_eq!(engine.set_job(0, 1, &record[..len]), 2, "cut to {len}");
        }
        let longer = [record.as_slice(), &[0]].concat();
        assert_eq!(engine.set_job(0, 1, &longer), 2);
    }
    let mut unknown_kind = standard.clone();
    unknown_kind[0] = 2;
    assert_eq!(engine.set_job(0, 1, &unknown_kind), 2);
    for (prefix, suffix, path, status) in [
        (MAX_COINBASE_HALF, MAX_COINBASE_HALF, 32, 0),
        (MAX_COINBASE_HALF + 1, 1, 0, 2),
        (1, MAX_COINBASE_HALF + 1, 0, 2),
        (0, 1, 0, 2),
        (1, 0, 0, 2),
        (1, 1, 33, 2),
    ] {
        let record = Job::extended(&mut random, prefix, suffix, path).record();
        assert_eq!(
            engine.set_job(0, 1, &record),
            status,
            "{prefix} {suffix} {path}"
        );
    }
    assert_eq!(
        MAX_JOB_RECORD,
        Job::extended(&mut random, MAX_COINBASE_HALF, MAX_COINBASE_HALF, 32)
            .record()
            .len()
    );
}

#[test]
fn roots_of_many_extranonces_are_those_of_each() {
    let mut random = Random(14);
    let job = Job::extended(&mut random, 70, 40, 12);
    let mut engine = engine(16);
    engine.set_job(0, 7, &job.record());
    engine.set_job(1, 7, &Job::standard(&mut random).record());
    for count in [0usize, 1, 3, 4, 9, 16] {
        let extranonces = random.bytes(16 * count);
        engine.shares[..extranonces.len()].copy_from_slice(&extranonces);
        assert_eq!(engine.merkle_roots::<U32x4>(0, 7, 16, count), 0);
        for (index, extranonce) in extranonces.chunks_exact(16).enumerate() {
            assert_eq!(
                engine.roots[32 * index..32 * index + 32],
                job.merkle_root(extranonce)
            );
        }
    }
    assert_eq!(engine.merkle_roots::<U32x4>(0, 8, 16, 1), 1);
    assert_eq!(engine.merkle_roots::<U32x4>(2, 7, 16, 1), 1);
    assert_eq!(engine.merkle_roots::<U32x4>(1, 7, 16, 1), 2);
    assert_eq!(engine.merkle_roots::<U32x4>(0, 7, 33, 1), 2);
    assert_eq!(engine.merkle_roots::<U32x4>(0, 7, 32, 17), 2);
}
