//! Double hashes and the comparison with a target.

use crate::support::{self, Random};
use sharecore::hashing::meets;
use sharecore::sha256::sha256d;

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

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
