//! SHA-256 (FIPS 180-4) over any number of lanes, and the pieces of it that Bitcoin repeats: hashing a hash, hashing a
//! pair of hashes. Words are big-endian, as the standard has them, so a hash's words are the next message's words.

use crate::word::Word;

const K: [u32; 64] = [
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
];

/// The state before the first block.
pub const INITIAL: [u32; 8] = [
    0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
];

/// Length of a block in bytes.
pub const BLOCK: usize = 64;

/// Round constants plus schedule of the block that pads a message of exactly 64 bytes: the same for every pair of hashes.
const PADDING_OF_64: [u32; 64] =
    scheduled([0x8000_0000, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 512]);

const fn scheduled(block: [u32; 16]) -> [u32; 64] {
    let mut w = [0u32; 64];
    let mut i = 0;
    while i < 16 {
        w[i] = block[i];
        i += 1;
    }
    while i < 64 {
        let x = w[i - 15];
        let y = w[i - 2];
        let s0 = x.rotate_right(7) ^ x.rotate_right(18) ^ (x >> 3);
        let s1 = y.rotate_right(17) ^ y.rotate_right(19) ^ (y >> 10);
        w[i] = w[i - 16]
            .wrapping_add(s0)
            .wrapping_add(w[i - 7])
            .wrapping_add(s1);
        i += 1;
    }
    let mut i = 0;
    while i < 64 {
        w[i] = w[i].wrapping_add(K[i]);
        i += 1;
    }
    w
}

#[inline(always)]
fn round<W: Word>(s: &mut [W; 8], i: usize, kw: W) {
    let at = |n: usize| (n + 64 - i) & 7;
    let (a, b, c) = (s[at(0)], s[at(1)], s[at(2)]);
    let (e, f, g) = (s[at(4)], s[at(5)], s[at(6)]);
    let sum1 = e.rotr(6).xor(e.rotr(11)).xor(e.rotr(25));
    let choice = g.xor(e.and(f.xor(g)));
    let t1 = s[at(7)].add(sum1).add(choice).add(kw);
    let sum0 = a.rotr(2).xor(a.rotr(13)).xor(a.rotr(22));
    let majority = b.xor(a.xor(b).and(b.xor(c)));
    s[at(3)] = s[at(3)].add(t1);
    s[at(7)] = t1.add(sum0).add(majority);
}

#[inline(always)]
fn expand<W: Word>(w: &mut [W; 16], i: usize) {
    let x = w[(i + 1) & 15];
    let y = w[(i + 14) & 15];
    let s0 = x.rotr(7).xor(x.rotr(18)).xor(x.shr(3));
    let s1 = y.rotr(17).xor(y.rotr(19)).xor(y.shr(10));
    w[i & 15] = w[i & 15].add(s0).add(w[(i + 9) & 15]).add(s1);
}

macro_rules! sixteen {
    ($f:expr) => {
        $f(0);
        $f(1);
        $f(2);
        $f(3);
        $f(4);
        $f(5);
        $f(6);
        $f(7);
        $f(8);
        $f(9);
        $f(10);
        $f(11);
        $f(12);
        $f(13);
        $f(14);
        $f(15);
    };
}

/// Takes one block into the state.
#[inline(always)]
pub fn compress<W: Word>(state: &mut [W; 8], mut w: [W; 16]) {
    let mut s = *state;
    sixteen!(|i: usize| round(&mut s, i, w[i].add(W::splat(K[i]))));
    let mut base = 16;
    while base < 64 {
        sixteen!(|i: usize| {
            expand(&mut w, i);
            round(&mut s, i, w[i].add(W::splat(K[base + i])));
        });
        base += 16;
    }
    for i in 0..8 {
        state[i] = state[i].add(s[i]);
    }
}

/// Takes the block that pads a message of 64 bytes into the state.
#[inline(always)]
fn compress_padding_of_64<W: Word>(state: &mut [W; 8]) {
    let mut s = *state;
    let mut base = 0;
    while base < 64 {
        sixteen!(|i: usize| round(&mut s, i, W::splat(PADDING_OF_64[base + i])));
        base += 16;
    }
    for i in 0..8 {
        state[i] = state[i].add(s[i]);
    }
}

/// The initial state in every lane.
#[inline(always)]
pub fn initial<W: Word>() -> [W; 8] {
    INITIAL.map(W::splat)
}

/// SHA-256 of a hash's 32 bytes.
#[inline(always)]
pub fn hash_of_hash<W: Word>(hash: [W; 8]) -> [W; 8] {
    let zero = W::splat(0);
    let mut block = [zero; 16];
    block[..8].copy_from_slice(&hash);
    block[8] = W::splat(0x8000_0000);
    block[15] = W::splat(256);
    let mut state = initial();
    compress(&mut state, block);
    state
}

/// Double SHA-256 of two hashes one after the other: a step up a merkle tree.
#[inline(always)]
pub fn hash_of_pair<W: Word>(left: [W; 8], right: [W; 8]) -> [W; 8] {
    let mut block = [W::splat(0); 16];
    block[..8].copy_from_slice(&left);
    block[8..].copy_from_slice(&right);
    let mut state = initial();
    compress(&mut state, block);
    compress_padding_of_64(&mut state);
    hash_of_hash(state)
}

/// Sixteen big-endian words of a block.
pub fn words_of(block: &[u8]) -> [u32; 16] {
    let mut words = [0u32; 16];
    for (word, bytes) in words.iter_mut().zip(block.chunks_exact(4)) {
        *word = u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
    }
    words
}

/// Eight big-endian words of a hash.
pub fn hash_words(hash: &[u8; 32]) -> [u32; 8] {
    core::array::from_fn(|i| {
        u32::from_be_bytes([
            hash[4 * i],
            hash[4 * i + 1],
            hash[4 * i + 2],
            hash[4 * i + 3],
        ])
    })
}

/// The bytes of a hash's words.
pub fn hash_bytes(words: &[u32; 8]) -> [u8; 32] {
    let mut bytes = [0u8; 32];
    for (chunk, word) in bytes.chunks_exact_mut(4).zip(words) {
        chunk.copy_from_slice(&word.to_be_bytes());
    }
    bytes
}

/// Double SHA-256 of any bytes.
pub fn sha256d(message: &[u8]) -> [u8; 32] {
    let mut state = INITIAL;
    let mut blocks = message.chunks_exact(BLOCK);
    for block in &mut blocks {
        compress(&mut state, words_of(block));
    }
    let rest = blocks.remainder();
    let mut tail = [0u8; 2 * BLOCK];
    tail[..rest.len()].copy_from_slice(rest);
    tail[rest.len()] = 0x80;
    let end = if rest.len() < BLOCK - 8 {
        BLOCK
    } else {
        2 * BLOCK
    };
    tail[end - 8..end].copy_from_slice(&(message.len() as u64 * 8).to_be_bytes());
    for block in tail[..end].chunks_exact(BLOCK) {
        compress(&mut state, words_of(block));
    }
    hash_bytes(&hash_of_hash(state))
}
