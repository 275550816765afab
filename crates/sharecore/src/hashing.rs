//! From a job and a share's fields to hashes, over the lanes of a word.

use crate::job::{Coinbase, Job, Root, MAX_EXTRANONCE};
use crate::sha256::{compress, hash_of_hash, hash_of_pair, initial, BLOCK};
use crate::word::Word;

/// The most lanes of any word.
pub const MAX_LANES: usize = 4;

/// The fields of a header that a share brings.
#[derive(Clone, Copy, Default)]
pub struct HeaderFields {
    /// As in the record; little-endian when hashed.
    pub version: u32,
    pub ntime: u32,
    pub nonce: u32,
}

/// The merkle roots that one coinbase gives with `W::LANES` extranonces of one length, at most 32 bytes.
#[inline(always)]
pub fn merkle_roots<W: Word>(
    coinbase: &Coinbase,
    extranonces: &[&[u8]; MAX_LANES],
    len: usize,
) -> [W; 8] {
    let rest = coinbase.prefix_rest.as_slice();
    let suffix = coinbase.suffix.as_slice();
    let message_len = coinbase.prefix_len + len + suffix.len();
    let tail_len = rest.len() + len + suffix.len();
    // The end marker and the length follow the message: nine bytes, rounded up to whole blocks.
    let blocks = (tail_len + 9).div_ceil(BLOCK);
    let bits = (message_len as u64) * 8;
    let byte_at = |lane: usize, at: usize| -> u8 {
        if at < rest.len() {
            rest[at]
        } else if at < rest.len() + len {
            extranonces[lane][at - rest.len()]
        } else if at < tail_len {
            suffix[at - rest.len() - len]
        } else if at == tail_len {
            0x80
        } else if at >= blocks * BLOCK - 8 {
            (bits >> (8 * (blocks * BLOCK - 1 - at))) as u8
        } else {
            0
        }
    };
    let varying_from = rest.len();
    let varying_to = rest.len() + len;
    let mut state = coinbase.midstate.map(W::splat);
    for block in 0..blocks {
        let words: [W; 16] = core::array::from_fn(|i| {
            let at = block * BLOCK + 4 * i;
            let word = |lane: usize| {
                u32::from_be_bytes([
                    byte_at(lane, at),
                    byte_at(lane, at + 1),
                    byte_at(lane, at + 2),
                    byte_at(lane, at + 3),
                ])
            };
            if at + 4 <= varying_from || at >= varying_to {
                if at >= varying_to && at + 4 <= tail_len {
                    let from = at - varying_to;
                    let bytes = &suffix[from..from + 4];
                    return W::splat(u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]));
                }
                W::splat(word(0))
            } else {
                W::from_fn(word)
            }
        });
        compress(&mut state, words);
    }
    let mut root = hash_of_hash(state);
    for sibling in &coinbase.path {
        root = hash_of_pair(root, sibling.map(W::splat));
    }
    root
}

/// The header hashes of `W::LANES` shares. `roots` are the merkle roots of the lanes.
#[inline(always)]
pub fn header_hashes<W: Word>(
    jobs: &[&Job; MAX_LANES],
    fields: &[HeaderFields; MAX_LANES],
    roots: &[[u32; 8]; MAX_LANES],
) -> [W; 8] {
    let midstates: [Option<&[u32; 8]>; MAX_LANES] =
        core::array::from_fn(|lane| match &jobs[lane].root {
            Root::Fixed { midstate, .. }
                if fields[lane].version.swap_bytes() == jobs[lane].version =>
            {
                Some(midstate)
            }
            _ => None,
        });
    let mut state: [W; 8];
    if midstates[..W::LANES].iter().all(Option::is_some) {
        state = core::array::from_fn(|i| {
            W::from_fn(|lane| midstates[lane].map_or(0, |midstate| midstate[i]))
        });
    } else {
        let block: [W; 16] = core::array::from_fn(|i| {
            W::from_fn(|lane| match i {
                0 => fields[lane].version.swap_bytes(),
                1..=8 => jobs[lane].prev_hash[i - 1],
                _ => roots[lane][i - 9],
            })
        });
        state = initial();
        compress(&mut state, block);
    }
    let mut block = [W::splat(0); 16];
    block[0] = W::from_fn(|lane| roots[lane][7]);
    block[1] = W::from_fn(|lane| fields[lane].ntime.swap_bytes());
    block[2] = W::from_fn(|lane| jobs[lane].bits);
    block[3] = W::from_fn(|lane| fields[lane].nonce.swap_bytes());
    block[4] = W::splat(0x8000_0000);
    block[15] = W::splat(640);
    compress(&mut state, block);
    hash_of_hash(state)
}

/// Whether a hash is at or below a target; both 32 bytes, little-endian as integers.
pub fn meets(hash: &[u8; 32], target: &[u8; 32]) -> bool {
    hash.iter().rev().le(target.iter().rev())
}

const _: () = assert!(MAX_EXTRANONCE <= 32);
