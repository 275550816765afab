/**
 * The fixed records in which shares, verdicts and jobs pass between this thread, the worker threads and the WASM core
 * (crates/sharecore has the same figures). All integers are little-endian, all offsets count bytes.
 */

/** Share record: what a header needs beside its job, and the target to compare with. */
export const SHARE_BYTES = 96;
export const SHARE_SLOT = 0;
export const SHARE_GENERATION = 4;
export const SHARE_VERSION = 8;
export const SHARE_NTIME = 12;
export const SHARE_NONCE = 16;
export const SHARE_EXTRANONCE_LENGTH = 20;
/** Copied into the verdict: the share's index in its batch. */
export const SHARE_TAG = 24;
/** Zero in a share. In a cell of the command ring it tells a share (zero) from another command. */
export const SHARE_RESERVED = 28;
export const SHARE_TARGET = 32;
export const SHARE_EXTRANONCE = 64;

/** Verdict record. */
export const VERDICT_BYTES = 40;
export const VERDICT_FLAGS = 0;
export const VERDICT_TAG = 4;
export const VERDICT_HASH = 8;

/** Job record: a fixed part, then the merkle root (standard), or coinbase prefix, suffix and path (extended). */
export const JOB_KIND = 0;
export const JOB_VERSION = 4;
export const JOB_BITS = 8;
export const JOB_PREFIX_LENGTH = 12;
export const JOB_SUFFIX_LENGTH = 16;
export const JOB_PATH_LENGTH = 20;
export const JOB_PREV_HASH = 24;
export const JOB_NETWORK_TARGET = 56;
export const JOB_REST = 88;
export const JOB_KIND_STANDARD = 0;
export const JOB_KIND_EXTENDED = 1;

/** A hash, a target, an entry of a merkle path. */
export const HASH_BYTES = 32;
export const HEADER_BYTES = 80;

/** B0_32 is what the protocol can carry as a whole extranonce (SV2 §5.1.2). */
export const MAX_EXTRANONCE_BYTES = 32;
/** B0_64K, the type of both coinbase parts in `NewExtendedMiningJob`. */
export const MAX_COINBASE_PART_BYTES = 65_535;
/** 2^32 transactions: far above what a block can hold. */
export const MAX_PATH_ENTRIES = 32;

/** The core's own limit: its slot table is reserved as a whole. */
export const MAX_JOB_SLOTS = 262_144;
/** 6 MiB of records: a bound against mistakes, far above one tick's shares. */
export const MAX_BATCH_SHARES = 65_536;

/** No job ever has this generation: a share that carries it is answered with `VERDICT_UNKNOWN_JOB`. */
export const NO_GENERATION = 0;
