//! An engine with records as it reads them, and the same verdicts computed the plain way with the `sha2` crate.

use sha2::{Digest, Sha256};
use sharecore::engine::{Engine, SHARE_BYTES, VERDICT_BYTES};

/// Numbers that are the same in every run (Marsaglia's xorshift).
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
    pub fn bytes(&mut self, len: usize) -> Vec<u8> {
        (0..len).map(|_| (self.next() >> 24) as u8).collect()
    }
    pub fn hash(&mut self) -> [u8; 32] {
        self.bytes(32).try_into().unwrap()
    }
    pub fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }
}

pub fn sha256d(message: &[u8]) -> [u8; 32] {
    Sha256::digest(Sha256::digest(message)).into()
}

#[derive(Clone)]
pub enum Root {
    Fixed([u8; 32]),
    Coinbase {
        prefix: Vec<u8>,
        suffix: Vec<u8>,
        path: Vec<[u8; 32]>,
    },
}

#[derive(Clone)]
pub struct Job {
    pub version: u32,
    pub bits: u32,
    pub prev_hash: [u8; 32],
    pub network_target: [u8; 32],
    pub root: Root,
}

impl Job {
    pub fn standard(random: &mut Random) -> Job {
        Job {
            version: 0x2000_0000,
            bits: random.next() as u32,
            prev_hash: random.hash(),
            network_target: random.hash(),
            root: Root::Fixed(random.hash()),
        }
    }

    pub fn extended(random: &mut Random, prefix: usize, suffix: usize, path: usize) -> Job {
        Job {
            root: Root::Coinbase {
                prefix: random.bytes(prefix),
                suffix: random.bytes(suffix),
                path: (0..path).map(|_| random.hash()).collect(),
            },
            ..Job::standard(random)
        }
    }

    pub fn record(&self) -> Vec<u8> {
        let (kind, lengths) = match &self.root {
            Root::Fixed(_) => (0u32, [0, 0, 0]),
            Root::Coinbase {
                prefix,
                suffix,
                path,
            } => (1, [prefix.len(), suffix.len(), path.len()]),
        };
        let mut record = Vec::new();
        for number in [kind, self.version, self.bits] {
            record.extend(number.to_le_bytes());
        }
        for length in lengths {
            record.extend((length as u32).to_le_bytes());
        }
        record.extend(self.prev_hash);
        record.extend(self.network_target);
        match &self.root {
            Root::Fixed(root) => record.extend(root),
            Root::Coinbase {
                prefix,
                suffix,
                path,
            } => {
                record.extend(prefix);
                record.extend(suffix);
                record.extend(path.concat());
            }
        }
        record
    }

    pub fn merkle_root(&self, extranonce: &[u8]) -> [u8; 32] {
        match &self.root {
            Root::Fixed(root) => *root,
            Root::Coinbase {
                prefix,
                suffix,
                path,
            } => {
                let txid = sha256d(&[prefix.as_slice(), extranonce, suffix].concat());
                path.iter()
                    .fold(txid, |root, sibling| sha256d(&[root, *sibling].concat()))
            }
        }
    }
}

#[derive(Clone)]
pub struct Share {
    pub slot: u32,
    pub generation: u32,
    pub version: u32,
    pub ntime: u32,
    pub nonce: u32,
    pub tag: u32,
    pub target: [u8; 32],
    pub extranonce: Vec<u8>,
}

impl Share {
    pub fn record(&self) -> [u8; SHARE_BYTES] {
        let mut record = [0u8; SHARE_BYTES];
        let numbers = [
            self.slot,
            self.generation,
            self.version,
            self.ntime,
            self.nonce,
            self.extranonce.len() as u32,
            self.tag,
        ];
        for (place, number) in record.chunks_exact_mut(4).zip(numbers) {
            place.copy_from_slice(&number.to_le_bytes());
        }
        record[32..64].copy_from_slice(&self.target);
        record[64..64 + self.extranonce.len()].copy_from_slice(&self.extranonce);
        record
    }

    pub fn hash(&self, job: &Job) -> [u8; 32] {
        let mut header = Vec::new();
        header.extend(self.version.to_le_bytes());
        header.extend(job.prev_hash);
        header.extend(job.merkle_root(&self.extranonce));
        header.extend(self.ntime.to_le_bytes());
        header.extend(job.bits.to_le_bytes());
        header.extend(self.nonce.to_le_bytes());
        sha256d(&header)
    }
}

/// Compared from the highest byte down.
pub fn meets(hash: &[u8; 32], target: &[u8; 32]) -> bool {
    for at in (0..32).rev() {
        if hash[at] != target[at] {
            return hash[at] < target[at];
        }
    }
    true
}

pub fn verdict(verdicts: &[u8], index: usize) -> (u32, u32, [u8; 32]) {
    let record = &verdicts[index * VERDICT_BYTES..(index + 1) * VERDICT_BYTES];
    (
        u32::from_le_bytes(record[..4].try_into().unwrap()),
        u32::from_le_bytes(record[4..8].try_into().unwrap()),
        record[8..].try_into().unwrap(),
    )
}

/// With room for 64 jobs.
pub fn engine(batch: usize) -> Engine {
    let mut engine = Engine::default();
    assert!(engine.reserve(64, batch));
    engine
}

/// Writes a share into the batch.
pub fn put(engine: &mut Engine, index: usize, share: &Share) {
    engine.shares[index * SHARE_BYTES..(index + 1) * SHARE_BYTES].copy_from_slice(&share.record());
}

pub fn random_share(random: &mut Random, slot: u32, job: &Job) -> Share {
    let extended = matches!(job.root, Root::Coinbase { .. });
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
