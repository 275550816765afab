//! The word that SHA-256 is computed on: one 32-bit integer, or four of them side by side. The algorithm is written
//! once over this trait, so what the native tests prove of one lane holds for four.

/// A 32-bit word in each of `LANES` lanes.
pub trait Word: Copy {
    /// How many messages are hashed at once.
    const LANES: usize;
    /// The same value in each lane.
    fn splat(value: u32) -> Self;
    /// A value for each lane.
    fn from_fn(f: impl FnMut(usize) -> u32) -> Self;
    /// The value of one lane, below `LANES`.
    fn lane(self, lane: usize) -> u32;
    /// Sum modulo 2^32.
    fn add(self, other: Self) -> Self;
    /// Exclusive or.
    fn xor(self, other: Self) -> Self;
    /// And.
    fn and(self, other: Self) -> Self;
    /// Rotation to the right by 1 to 31 bits.
    fn rotr(self, bits: u32) -> Self;
    /// Shift to the right.
    fn shr(self, bits: u32) -> Self;
}

impl Word for u32 {
    const LANES: usize = 1;

    #[inline(always)]
    fn splat(value: u32) -> Self {
        value
    }
    #[inline(always)]
    fn from_fn(mut f: impl FnMut(usize) -> u32) -> Self {
        f(0)
    }
    #[inline(always)]
    fn lane(self, _lane: usize) -> u32 {
        self
    }
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        self.wrapping_add(other)
    }
    #[inline(always)]
    fn xor(self, other: Self) -> Self {
        self ^ other
    }
    #[inline(always)]
    fn and(self, other: Self) -> Self {
        self & other
    }
    #[inline(always)]
    fn rotr(self, bits: u32) -> Self {
        self.rotate_right(bits)
    }
    #[inline(always)]
    fn shr(self, bits: u32) -> Self {
        self >> bits
    }
}

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod four {
    use super::Word;
    use core::arch::wasm32::{
        i32x4_add, i32x4_shl, u32x4, u32x4_extract_lane, u32x4_shr, u32x4_splat, v128, v128_and,
        v128_or, v128_xor,
    };

    /// Four words in a 128-bit register.
    #[derive(Clone, Copy)]
    pub struct U32x4(v128);

    impl Word for U32x4 {
        const LANES: usize = 4;

        #[inline(always)]
        fn splat(value: u32) -> Self {
            Self(u32x4_splat(value))
        }
        #[inline(always)]
        fn from_fn(mut f: impl FnMut(usize) -> u32) -> Self {
            Self(u32x4(f(0), f(1), f(2), f(3)))
        }
        #[inline(always)]
        fn lane(self, lane: usize) -> u32 {
            match lane & 3 {
                0 => u32x4_extract_lane::<0>(self.0),
                1 => u32x4_extract_lane::<1>(self.0),
                2 => u32x4_extract_lane::<2>(self.0),
                _ => u32x4_extract_lane::<3>(self.0),
            }
        }
        #[inline(always)]
        fn add(self, other: Self) -> Self {
            Self(i32x4_add(self.0, other.0))
        }
        #[inline(always)]
        fn xor(self, other: Self) -> Self {
            Self(v128_xor(self.0, other.0))
        }
        #[inline(always)]
        fn and(self, other: Self) -> Self {
            Self(v128_and(self.0, other.0))
        }
        #[inline(always)]
        fn rotr(self, bits: u32) -> Self {
            Self(v128_or(
                u32x4_shr(self.0, bits),
                i32x4_shl(self.0, 32 - bits),
            ))
        }
        #[inline(always)]
        fn shr(self, bits: u32) -> Self {
            Self(u32x4_shr(self.0, bits))
        }
    }
}

#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
mod four {
    use super::Word;

    /// Four words in an array: the same lanes where there is no WASM SIMD, for native builds and tests.
    #[derive(Clone, Copy)]
    pub struct U32x4([u32; 4]);

    impl Word for U32x4 {
        const LANES: usize = 4;

        #[inline(always)]
        fn splat(value: u32) -> Self {
            Self([value; 4])
        }
        #[inline(always)]
        fn from_fn(f: impl FnMut(usize) -> u32) -> Self {
            Self(core::array::from_fn(f))
        }
        #[inline(always)]
        fn lane(self, lane: usize) -> u32 {
            self.0[lane & 3]
        }
        #[inline(always)]
        fn add(self, other: Self) -> Self {
            Self(core::array::from_fn(|i| self.0[i].wrapping_add(other.0[i])))
        }
        #[inline(always)]
        fn xor(self, other: Self) -> Self {
            Self(core::array::from_fn(|i| self.0[i] ^ other.0[i]))
        }
        #[inline(always)]
        fn and(self, other: Self) -> Self {
            Self(core::array::from_fn(|i| self.0[i] & other.0[i]))
        }
        #[inline(always)]
        fn rotr(self, bits: u32) -> Self {
            Self(self.0.map(|word| word.rotate_right(bits)))
        }
        #[inline(always)]
        fn shr(self, bits: u32) -> Self {
            Self(self.0.map(|word| word >> bits))
        }
    }
}

pub use four::U32x4;
