//! The tables of jobs, shares and verdicts, and the call that turns one into the other. All lengths and indexes that
//! come from outside are checked here; nothing behind this file panics on them.

use crate::hashing::{header_hashes, meets, merkle_roots, HeaderFields, MAX_LANES};
use crate::job::{Job, Root, MAX_EXTRANONCE};
use crate::sha256::hash_bytes;
use crate::word::Word;

/// Length of a share record.
pub const SHARE_BYTES: usize = 96;
/// Length of a verdict record.
pub const VERDICT_BYTES: usize = 40;
/// The most slots for jobs.
pub const MAX_JOB_SLOTS: usize = 262_144;
/// The most shares in a batch.
pub const MAX_BATCH: usize = 65_536;

/// Bits of a verdict's flags.
pub const MEETS_SHARE_TARGET: u32 = 1;
pub const MEETS_NETWORK_TARGET: u32 = 2;
pub const UNKNOWN_JOB: u32 = 4;

/// The state of one core.
#[derive(Default)]
pub struct Engine {
    jobs: Vec<Option<Box<Job>>>,
    /// Share records, packed.
    pub shares: Vec<u8>,
    /// Verdict records, packed.
    pub verdicts: Vec<u8>,
    /// Merkle roots as bytes, for `merkle_roots`.
    pub roots: Vec<u8>,
    /// Merkle root words of the shares of a batch.
    share_roots: Vec<[u32; 8]>,
    /// Shares that have a job, ordered so that those of one job stand together.
    order: Vec<u32>,
}

fn u32_at(bytes: &[u8], offset: usize) -> u32 {
    u32::from_le_bytes([
        bytes[offset],
        bytes[offset + 1],
        bytes[offset + 2],
        bytes[offset + 3],
    ])
}

struct Share<'a>(&'a [u8]);

impl<'a> Share<'a> {
    fn slot(&self) -> usize {
        u32_at(self.0, 0) as usize
    }
    fn generation(&self) -> u32 {
        u32_at(self.0, 4)
    }
    fn fields(&self) -> HeaderFields {
        HeaderFields {
            version: u32_at(self.0, 8),
            ntime: u32_at(self.0, 12),
            nonce: u32_at(self.0, 16),
        }
    }
    fn extranonce_len(&self) -> usize {
        u32_at(self.0, 20) as usize
    }
    fn tag(&self) -> u32 {
        u32_at(self.0, 24)
    }
    fn target(&self) -> &'a [u8] {
        &self.0[32..64]
    }
    fn extranonce(&self) -> &'a [u8] {
        &self.0[64..64 + self.extranonce_len().min(MAX_EXTRANONCE)]
    }
}

impl Engine {
    /// Makes the tables, once. False where a number is out of range or the tables exist.
    pub fn reserve(&mut self, job_slots: usize, batch: usize) -> bool {
        let fits = (1..=MAX_JOB_SLOTS).contains(&job_slots) && (1..=MAX_BATCH).contains(&batch);
        if !fits || !self.jobs.is_empty() {
            return false;
        }
        self.jobs.resize_with(job_slots, || None);
        self.shares = vec![0; batch * SHARE_BYTES];
        self.verdicts = vec![0; batch * VERDICT_BYTES];
        self.roots = vec![0; batch * 32];
        self.share_roots = vec![[0; 8]; batch];
        self.order = Vec::with_capacity(batch);
        true
    }

    /// Registers a job record: 0 done, 1 no such slot, 2 malformed.
    pub fn set_job(&mut self, slot: usize, generation: u32, record: &[u8]) -> u32 {
        let Some(place) = self.jobs.get_mut(slot) else {
            return 1;
        };
        match Job::parse(record, generation) {
            Some(job) => {
                *place = Some(Box::new(job));
                0
            }
            None => 2,
        }
    }

    /// Forgets a job, if the slot still holds that generation.
    pub fn clear_job(&mut self, slot: usize, generation: u32) {
        if let Some(place) = self.jobs.get_mut(slot) {
            if place
                .as_ref()
                .is_some_and(|job| job.generation == generation)
            {
                *place = None;
            }
        }
    }

    fn job(&self, slot: usize, generation: u32) -> Option<&Job> {
        self.jobs
            .get(slot)?
            .as_deref()
            .filter(|job| job.generation == generation)
    }

    /// Writes a verdict for each of the first `count` shares; returns how many that were.
    pub fn validate<W: Word>(&mut self, count: usize) -> usize {
        let count = count.min(self.share_roots.len());
        self.find_jobs(count);
        self.compute_roots::<W>();
        self.hash_headers::<W>();
        count
    }

    /// Orders the shares that have a job, and writes the verdict of those that have none.
    fn find_jobs(&mut self, count: usize) {
        let mut order = core::mem::take(&mut self.order);
        order.clear();
        for index in 0..count {
            let share = Share(&self.shares[index * SHARE_BYTES..(index + 1) * SHARE_BYTES]);
            let usable = self
                .job(share.slot(), share.generation())
                .is_some_and(|job| match job.root {
                    Root::Fixed { .. } => share.extranonce_len() == 0,
                    Root::Coinbase(_) => share.extranonce_len() <= MAX_EXTRANONCE,
                });
            let verdict = &mut self.verdicts[index * VERDICT_BYTES..(index + 1) * VERDICT_BYTES];
            verdict[4..8].copy_from_slice(&share.tag().to_le_bytes());
            if usable {
                order.push(index as u32);
            } else {
                verdict[..4].copy_from_slice(&UNKNOWN_JOB.to_le_bytes());
                verdict[8..].fill(0);
            }
        }
        let shares = &self.shares;
        order.sort_unstable_by_key(|&index| {
            let share = Share(&shares[index as usize * SHARE_BYTES..]);
            ((share.slot() as u64) << 40)
                | ((share.extranonce_len() as u64) << 32)
                | u64::from(index)
        });
        self.order = order;
    }

    fn compute_roots<W: Word>(&mut self) {
        let mut at = 0;
        while at < self.order.len() {
            let first = self.order[at] as usize;
            let share = Share(&self.shares[first * SHARE_BYTES..]);
            let (slot, len) = (share.slot(), share.extranonce_len());
            let Some(Some(job)) = self.jobs.get(slot) else {
                at += 1;
                continue;
            };
            let coinbase = match &job.root {
                Root::Fixed { root, .. } => {
                    self.share_roots[first] = *root;
                    at += 1;
                    continue;
                }
                Root::Coinbase(coinbase) => coinbase,
            };
            let group = &self.order[at..(at + W::LANES).min(self.order.len())];
            let same = group
                .iter()
                .take_while(|&&index| {
                    let other = Share(&self.shares[index as usize * SHARE_BYTES..]);
                    other.slot() == slot && other.extranonce_len() == len
                })
                .count();
            let extranonces: [&[u8]; MAX_LANES] = core::array::from_fn(|lane| {
                let index = group[if lane < same { lane } else { 0 }] as usize;
                Share(&self.shares[index * SHARE_BYTES..(index + 1) * SHARE_BYTES]).extranonce()
            });
            let roots = if same == 1 {
                let root = merkle_roots::<u32>(coinbase, &extranonces, len);
                self.share_roots[first] = root;
                at += 1;
                continue;
            } else {
                merkle_roots::<W>(coinbase, &extranonces, len)
            };
            for (lane, &index) in group[..same].iter().enumerate() {
                self.share_roots[index as usize] = roots.map(|word| word.lane(lane));
            }
            at += same;
        }
    }

    fn hash_headers<W: Word>(&mut self) {
        for group in self.order.chunks(W::LANES) {
            let index_of = |lane: usize| group[lane.min(group.len() - 1)] as usize;
            let share_of = |lane: usize| {
                let index = index_of(lane);
                Share(&self.shares[index * SHARE_BYTES..(index + 1) * SHARE_BYTES])
            };
            let Some(jobs) = lanes_of(|lane| self.jobs.get(share_of(lane).slot())?.as_deref())
            else {
                continue;
            };
            let fields: [HeaderFields; MAX_LANES] =
                core::array::from_fn(|lane| share_of(lane).fields());
            let roots: [[u32; 8]; MAX_LANES] =
                core::array::from_fn(|lane| self.share_roots[index_of(lane)]);
            let hashes = header_hashes::<W>(&jobs, &fields, &roots);
            for (lane, &index) in group.iter().enumerate() {
                let hash = hash_bytes(&hashes.map(|word| word.lane(lane)));
                let mut target = [0u8; 32];
                target.copy_from_slice(share_of(lane).target());
                let mut flags = 0;
                if meets(&hash, &target) {
                    flags |= MEETS_SHARE_TARGET;
                }
                if meets(&hash, &jobs[lane].network_target) {
                    flags |= MEETS_NETWORK_TARGET;
                }
                let start = index as usize * VERDICT_BYTES;
                self.verdicts[start..start + 4].copy_from_slice(&flags.to_le_bytes());
                self.verdicts[start + 8..start + VERDICT_BYTES].copy_from_slice(&hash);
            }
        }
    }

    /// Roots of one extended job for `count` packed extranonces in the share table: 0 done, 1 no such job, 2 invalid.
    pub fn merkle_roots<W: Word>(
        &mut self,
        slot: usize,
        generation: u32,
        size: usize,
        count: usize,
    ) -> u32 {
        if size > MAX_EXTRANONCE || count > self.share_roots.len() {
            return 2;
        }
        let mut out = core::mem::take(&mut self.roots);
        let status = match self.job(slot, generation).map(|job| &job.root) {
            None => 1,
            Some(Root::Fixed { .. }) => 2,
            Some(Root::Coinbase(coinbase)) => {
                let mut at = 0;
                while at < count {
                    let here = W::LANES.min(count - at);
                    let extranonces: [&[u8]; MAX_LANES] = core::array::from_fn(|lane| {
                        let start = (at + lane.min(here - 1)) * size;
                        &self.shares[start..start + size]
                    });
                    let roots = merkle_roots::<W>(coinbase, &extranonces, size);
                    for lane in 0..here {
                        let start = (at + lane) * 32;
                        out[start..start + 32]
                            .copy_from_slice(&hash_bytes(&roots.map(|word| word.lane(lane))));
                    }
                    at += here;
                }
                0
            }
        };
        self.roots = out;
        status
    }
}

fn lanes_of<'a>(job_of: impl Fn(usize) -> Option<&'a Job>) -> Option<[&'a Job; MAX_LANES]> {
    Some([job_of(0)?, job_of(1)?, job_of(2)?, job_of(3)?])
}
