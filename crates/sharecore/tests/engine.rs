//! Every verdict against the plain computation, with one lane and with four. Natively these run on the portable lanes,
//! under Node on WASM's SIMD.

mod support;

use sharecore::engine::{
    Engine, MAX_BATCH, MAX_JOB_SLOTS, MEETS_NETWORK_TARGET, MEETS_SHARE_TARGET, SHARE_BYTES,
    UNKNOWN_JOB,
};
use sharecore::hashing::meets;
use sharecore::job::{MAX_COINBASE_HALF, MAX_JOB_RECORD};
use sharecore::scan::Scan;
use sharecore::sha256::sha256d;
use sharecore::word::{U32x4, Word};
use support::{verdict, Job, Random, Share};

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn engine(batch: usize) -> Engine {
    let mut engine = Engine::default();
    assert!(engine.reserve(64, batch));
    engine
}

fn put(engine: &mut Engine, index: usize, share: &Share) {
    engine.shares[index * SHARE_BYTES..(index + 1) * SHARE_BYTES].copy_from_slice(&share.record());
}

fn random_share(random: &mut Random, slot: u32, job: &Job) -> Share {
    let extended = matches!(job.root, support::Root::Coinbase { .. });
    let len = if extended { random.below(33) } else { 0 } as usize;
    let rolled = if random.below(2) == 0 { 0 } else { 0x1fff_e000 };
    Share {
        slot,
        generation: 7,
        version: job.version | (random.next() as u32 & rolled),
        ntime: random.next() as u32,
        nonce: random.next() as u32,
        tag: random.next() as u32,
        target: random.hash(),
        extranonce: random.bytes(len),
    }
}

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

#[test]
fn a_target_is_compared_over_all_its_bytes() {
    let mut random = Random(15);
    let hash = random.hash().map(|byte| byte.clamp(1, 254));
    assert!(meets(&hash, &hash));
    for at in 0..32 {
        let mut target = hash;
        target[at] += 1;
        assert!(meets(&hash, &target), "one above in byte {at}");
        target[at] -= 2;
        assert!(!meets(&hash, &target), "one below in byte {at}");
    }
}

#[test]
fn double_hashes_of_all_lengths_are_right() {
    let mut random = Random(16);
    for len in (0..200).chain([1000, 65_536]) {
        let message = random.bytes(len);
        assert_eq!(sha256d(&message), support::sha256d(&message), "{len} bytes");
    }
}

/// The first block of the main network.
const GENESIS_NONCE: u32 = 0x7c2b_ac1d;

fn genesis() -> [u8; 80] {
    let mut header = [0u8; 80];
    header[0] = 1;
    let root = [
        0x3b, 0xa3, 0xed, 0xfd, 0x7a, 0x7b, 0x12, 0xb2, 0x7a, 0xc7, 0x2c, 0x3e, 0x67, 0x76, 0x8f,
        0x61, 0x7f, 0xc8, 0x1b, 0xc3, 0x88, 0x8a, 0x51, 0x32, 0x3a, 0x9f, 0xb8, 0xaa, 0x4b, 0x1e,
        0x5e, 0x4a,
    ];
    header[36..68].copy_from_slice(&root);
    header[68..72].copy_from_slice(&1_231_006_505u32.to_le_bytes());
    header[72..76].copy_from_slice(&0x1d00_ffffu32.to_le_bytes());
    header
}

#[test]
fn the_search_finds_the_genesis_nonce_wherever_it_lies_in_the_lanes() {
    let mut target = [0u8; 32];
    target[26] = 0xff;
    target[27] = 0xff;
    let scan = Scan::new(&genesis(), &target);
    for before in 0..9 {
        let start = GENESIS_NONCE - before;
        assert_eq!(scan.search::<U32x4>(start, before + 1), Some(GENESIS_NONCE));
        assert_eq!(scan.search::<u32>(start, before + 1), Some(GENESIS_NONCE));
        assert_eq!(
            scan.search::<U32x4>(start, before),
            None,
            "the range ends before it"
        );
    }
    assert_eq!(
        scan.search::<U32x4>(u32::MAX, u32::MAX),
        None,
        "the range ends at 2^32"
    );
    assert_eq!(scan.search::<U32x4>(0, 0), None);
}
