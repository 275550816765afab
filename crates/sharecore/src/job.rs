//! A job: what all its shares have in common, computed once when it is registered.

use crate::sha256::{compress, hash_words, words_of, BLOCK, INITIAL};

/// Length of a job record up to its kind's own part.
pub const JOB_HEAD: usize = 88;
/// The most siblings in a merkle path.
pub const MAX_PATH: usize = 32;
/// The most bytes in either half of a coinbase.
pub const MAX_COINBASE_HALF: usize = 65_535;
/// The longest job record.
pub const MAX_JOB_RECORD: usize = JOB_HEAD + 2 * MAX_COINBASE_HALF + 32 * MAX_PATH;
/// The most bytes between the halves of a coinbase.
pub const MAX_EXTRANONCE: usize = 32;

/// What leads to the merkle root.
pub enum Root {
    /// A fixed root, and the state after the header's first 64 bytes with the job's own version.
    Fixed { root: [u32; 8], midstate: [u32; 8] },
    /// A coinbase around the extranonce, and the path from its txid.
    Coinbase(Coinbase),
}

/// The constant parts of a coinbase.
pub struct Coinbase {
    /// The state after the prefix's whole blocks.
    pub midstate: [u32; 8],
    /// Length of the prefix.
    pub prefix_len: usize,
    /// The prefix's bytes behind its whole blocks.
    pub prefix_rest: Vec<u8>,
    /// What follows the extranonce.
    pub suffix: Vec<u8>,
    /// Siblings from the lowest level upward.
    pub path: Vec<[u32; 8]>,
}

/// A registered job.
pub struct Job {
    /// Told apart from other jobs of the same slot by it.
    pub generation: u32,
    /// The header's version without rolled bits, as a big-endian word.
    pub version: u32,
    /// nBits, as a big-endian word.
    pub bits: u32,
    /// The previous block's hash.
    pub prev_hash: [u32; 8],
    /// At or below it a hash solves a block; little-endian.
    pub network_target: [u8; 32],
    /// Where the merkle root comes from.
    pub root: Root,
}

fn u32_at(record: &[u8], offset: usize) -> Option<u32> {
    let bytes = record.get(offset..offset + 4)?;
    Some(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
}

fn hash_at(record: &[u8], offset: usize) -> Option<[u8; 32]> {
    record.get(offset..offset + 32)?.try_into().ok()
}

/// The first 16 words of a header.
pub fn first_block(version: u32, prev_hash: &[u32; 8], root: &[u32; 8]) -> [u32; 16] {
    let mut block = [0u32; 16];
    block[0] = version;
    block[1..9].copy_from_slice(prev_hash);
    block[9..].copy_from_slice(&root[..7]);
    block
}

impl Job {
    /// Reads a job record; None where it is malformed.
    pub fn parse(record: &[u8], generation: u32) -> Option<Job> {
        let kind = u32_at(record, 0)?;
        let version = u32_at(record, 4)?.swap_bytes();
        let bits = u32_at(record, 8)?.swap_bytes();
        let prev_hash = hash_words(&hash_at(record, 24)?);
        let network_target = hash_at(record, 56)?;
        let root = match kind {
            0 if record.len() == JOB_HEAD + 32 => {
                let root = hash_words(&hash_at(record, JOB_HEAD)?);
                let mut midstate = INITIAL;
                compress(&mut midstate, first_block(version, &prev_hash, &root));
                Root::Fixed { root, midstate }
            }
            1 => Root::Coinbase(Coinbase::parse(record)?),
            _ => return None,
        };
        Some(Job {
            generation,
            version,
            bits,
            prev_hash,
            network_target,
            root,
        })
    }
}

impl Coinbase {
    fn parse(record: &[u8]) -> Option<Coinbase> {
        let prefix_len = u32_at(record, 12)? as usize;
        let suffix_len = u32_at(record, 16)? as usize;
        let path_len = u32_at(record, 20)? as usize;
        let halves = 1..=MAX_COINBASE_HALF;
        if !halves.contains(&prefix_len) || !halves.contains(&suffix_len) || path_len > MAX_PATH {
            return None;
        }
        let suffix_start = JOB_HEAD + prefix_len;
        let path_start = suffix_start + suffix_len;
        if record.len() != path_start + 32 * path_len {
            return None;
        }
        let prefix = &record[JOB_HEAD..suffix_start];
        let blocks = prefix.chunks_exact(BLOCK);
        let prefix_rest = blocks.remainder().to_vec();
        let mut midstate = INITIAL;
        for block in blocks {
            compress(&mut midstate, words_of(block));
        }
        let path = (0..path_len)
            .map(|level| hash_at(record, path_start + 32 * level).map(|hash| hash_words(&hash)))
            .collect::<Option<Vec<_>>>()?;
        Some(Coinbase {
            midstate,
            prefix_len,
            prefix_rest,
            suffix: record[suffix_start..path_start].to_vec(),
            path,
        })
    }
}
