#!/usr/bin/env bash
# Format, lints and tests of the Rust crate: natively, and the four-lane code under Node, where it is real SIMD.
set -euo pipefail
cd "$(dirname "$0")/../crates/sharecore"
export PATH="$HOME/.cargo/bin:$PATH"

cargo fmt --check
cargo clippy --all-targets --quiet -- -D warnings
cargo test --quiet

# The same tests in WASM, by the recipe of scripts/build-wasm.mjs.
PATH="/usr/bin:$PATH" RUSTC_BOOTSTRAP=1 CARGO_UNSTABLE_BUILD_STD=std,panic_abort \
  RUSTFLAGS="-C target-feature=+simd128 -C linker=wasm-ld-22 -Zlocation-detail=none" \
  CARGO_TARGET_DIR=target/wasm wasm-pack test --node --mode no-install
