//! The whole crate against the plain computation, with one lane and with four. Natively these tests run on the portable
//! lanes, under Node on WASM's SIMD.

mod hashing;
mod jobs;
mod scan;
mod support;
mod verdicts;
