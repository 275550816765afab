//! The search for a nonce.

use sharecore::scan::Scan;
use sharecore::word::U32x4;

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

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
