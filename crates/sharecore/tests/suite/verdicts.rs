//! Batches of shares: every verdict, and what is not hashed.

use crate::support::{self, engine, put, random_share, verdict, Job, Random, Share};
use sharecore::engine::{MEETS_NETWORK_TARGET, MEETS_SHARE_TARGET, SHARE_BYTES, UNKNOWN_JOB};
use sharecore::word::{U32x4, Word};

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn check_mixture<W: Word>(seed: u64) {
    let mut random = Random(seed);
    let jobs: Vec<Job> = (0..9)
        .map(|kind| match kind {
            0..=2 => Job::standard(&mut random),
            _ => {
                let (prefix, suffix) = (1 + random.below(300), 1 + random.below(300));
                let path = random.below(14);
                Job::extended(&mut random, prefix as usize, suffix as usize, path as usize)
            }
        })
        .collect();
    let mut engine = engine(256);
    for (slot, job) in jobs.iter().enumerate() {
        assert_eq!(engine.set_job(slot, 7, &job.record()), 0);
    }
    for count in [0, 1, 2, 3, 4, 5, 63, 256] {
        let shares: Vec<Share> = (0..count)
            .map(|_| {
                let slot = random.below(9) as usize;
                random_share(&mut random, slot as u32, &jobs[slot])
            })
            .collect();
        for (index, share) in shares.iter().enumerate() {
            put(&mut engine, index, share);
        }
        assert_eq!(engine.validate::<W>(count), count);
        for (index, share) in shares.iter().enumerate() {
            let job = &jobs[share.slot as usize];
            let (flags, tag, hash) = verdict(&engine.verdicts, index);
            assert_eq!(hash, share.hash(job));
            assert_eq!(tag, share.tag);
            let share_flag = u32::from(support::meets(&hash, &share.target)) * MEETS_SHARE_TARGET;
            let network_flag =
                u32::from(support::meets(&hash, &job.network_target)) * MEETS_NETWORK_TARGET;
            assert_eq!(flags, share_flag | network_flag);
        }
    }
}

#[test]
fn any_mixture_of_jobs_and_shares_gets_the_plain_verdicts() {
    for seed in 1..=6 {
        check_mixture::<u32>(seed);
        check_mixture::<U32x4>(seed);
    }
}

#[test]
fn a_share_of_no_known_job_is_not_hashed() {
    let mut random = Random(11);
    let job = Job::standard(&mut random);
    let mut engine = engine(8);
    assert_eq!(engine.set_job(3, 7, &job.record()), 0);
    let good = random_share(&mut random, 3, &job);
    let other_generation = Share {
        generation: 8,
        ..good.clone()
    };
    let empty_slot = Share {
        slot: 4,
        ..good.clone()
    };
    let no_slot = Share {
        slot: u32::MAX,
        ..good.clone()
    };
    let extranonce_on_standard = Share {
        extranonce: vec![1],
        ..good.clone()
    };
    for (index, share) in [
        &other_generation,
        &empty_slot,
        &no_slot,
        &extranonce_on_standard,
        &good,
    ]
    .iter()
    .enumerate()
    {
        put(&mut engine, index, share);
    }
    engine.validate::<U32x4>(5);
    for index in 0..4 {
        assert_eq!(
            verdict(&engine.verdicts, index),
            (UNKNOWN_JOB, good.tag, [0; 32])
        );
    }
    assert_eq!(verdict(&engine.verdicts, 4).2, good.hash(&job));
    engine.clear_job(3, 6);
    engine.validate::<U32x4>(5);
    assert_eq!(
        verdict(&engine.verdicts, 4).2,
        good.hash(&job),
        "another generation is not cleared"
    );
    engine.clear_job(3, 7);
    engine.validate::<U32x4>(5);
    assert_eq!(verdict(&engine.verdicts, 4).0, UNKNOWN_JOB);
}

#[test]
fn an_extranonce_length_past_32_is_refused_and_32_is_not() {
    let mut random = Random(12);
    let job = Job::extended(&mut random, 90, 60, 3);
    let mut engine = engine(2);
    engine.set_job(0, 7, &job.record());
    let share = Share {
        extranonce: random.bytes(32),
        ..random_share(&mut random, 0, &job)
    };
    put(&mut engine, 0, &share);
    put(&mut engine, 1, &share);
    engine.shares[SHARE_BYTES + 20..SHARE_BYTES + 24].copy_from_slice(&33u32.to_le_bytes());
    engine.validate::<U32x4>(2);
    assert_eq!(verdict(&engine.verdicts, 0).2, share.hash(&job));
    assert_eq!(verdict(&engine.verdicts, 1).0, UNKNOWN_JOB);
}

#[test]
fn more_shares_than_reserved_are_not_read() {
    let mut engine = engine(4);
    assert_eq!(engine.validate::<U32x4>(4), 4);
    assert_eq!(engine.validate::<U32x4>(5), 4);
}
