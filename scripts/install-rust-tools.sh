#!/usr/bin/env bash
# Installs, on Debian 12, what rebuilding the WASM core and checking the Rust code needs. Quick where all is there.
set -euo pipefail

readonly WASM_BINDGEN_VERSION=0.2.129
readonly WASM_PACK_VERSION=0.15.1

packages=(rustc-web cargo-web rust-web-src lld-22)
if ! command -v cargo-fmt >/dev/null && ! [ -x "$HOME/.cargo/bin/cargo-fmt" ]; then packages+=(rustfmt-web); fi
if ! command -v cargo-clippy >/dev/null && ! [ -x "$HOME/.cargo/bin/cargo-clippy" ]; then packages+=(rust-web-clippy); fi
missing=()
for package in "${packages[@]}"; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
done
if [ ${#missing[@]} -gt 0 ]; then
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi

# wasm-pack only looks whether the target's folder exists; its library is built along with the crate.
mkdir -p /usr/lib/rustlib/wasm32-unknown-unknown/lib

export PATH="$HOME/.cargo/bin:$PATH"
if ! wasm-pack --version 2>/dev/null | grep -q " $WASM_PACK_VERSION\$"; then
  cargo install --locked --quiet "wasm-pack@$WASM_PACK_VERSION"
fi
if ! wasm-bindgen --version 2>/dev/null | grep -q " $WASM_BINDGEN_VERSION\$"; then
  cargo install --locked --quiet "wasm-bindgen-cli@$WASM_BINDGEN_VERSION"
fi
