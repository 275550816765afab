//! The search for a nonce: what a CPU miner does all day.

use crate::hashing::meets;
use crate::sha256::{compress, hash_bytes, hash_of_hash, words_of, BLOCK, INITIAL};
use crate::word::Word;

/// A header whose nonce is searched.
#[derive(Clone, Copy, Default)]
pub struct Scan {
    midstate: [u32; 8],
    /// The header's last 16 bytes but the nonce, as words.
    tail: [u32; 3],
    target: [u8; 32],
    /// The target's highest 32 bits: a hash above it in these cannot meet the target.
    target_top: u32,
}

impl Scan {
    /// Takes an 80-byte header and a 32-byte target.
    pub fn new(header: &[u8; 80], target: &[u8; 32]) -> Scan {
        let mut midstate = INITIAL;
        compress(&mut midstate, words_of(&header[..BLOCK]));
        let tail = words_of(&header[16..]);
        Scan {
            midstate,
            tail: [tail[12], tail[13], tail[14]],
            target: *target,
            target_top: u32::from_le_bytes([target[28], target[29], target[30], target[31]]),
        }
    }

    /// The lowest nonce from `start` on, within `count`, that meets the target. The range ends at 2^32.
    pub fn search<W: Word>(&self, start: u32, count: u32) -> Option<u32> {
        let end = (u64::from(start) + u64::from(count)).min(1 << 32);
        let mut nonce = u64::from(start);
        let mut block = [W::splat(0); 16];
        for (word, value) in block.iter_mut().zip(self.tail) {
            *word = W::splat(value);
        }
        block[4] = W::splat(0x8000_0000);
        block[15] = W::splat(640);
        let midstate = self.midstate.map(W::splat);
        while nonce < end {
            block[3] = W::from_fn(|lane| (nonce as u32).wrapping_add(lane as u32).swap_bytes());
            let mut state = midstate;
            compress(&mut state, block);
            let hash = hash_of_hash(state);
            for lane in 0..W::LANES {
                let found = nonce + lane as u64;
                if hash[7].lane(lane).swap_bytes() <= self.target_top && found < end {
                    let bytes = hash_bytes(&hash.map(|word| word.lane(lane)));
                    if meets(&bytes, &self.target) {
                        return Some(found as u32);
                    }
                }
            }
            nonce += W::LANES as u64;
        }
        None
    }
}
