/**
 * Every key of the configuration, once: its type, default, bounds and meaning. Reading the file, the environment and
 * the flags, the example file and docs/configuration.md all follow from it.
 */

import { NETWORKS } from "../bitcoin/network.ts";
import { PAYOUT_MODES } from "../mining/payout-policy.ts";
import { isPoolHost } from "../noise/pool-url.ts";
import { parsePeerPatterns } from "../server/peer-pattern.ts";
import { isZmqAddress } from "../templates/zmq-address.ts";
import { parseListenAddress } from "./listen-address.ts";
import { parseOtherHost } from "./other-host.ts";

export type ConfigValue = string | number | boolean;

export type KeySpec = {
  /** As in the TOML file: `section.key`, or `node.key` for each `[[node]]`. */
  readonly path: string;
  readonly default: ConfigValue;
  /** Completes "… is needed". */
  readonly needed: string;
  /** Whether a value of the default's type is right. */
  readonly allows: (value: ConfigValue) => boolean;
  readonly doc: string;
  /** A number may also be this word. */
  readonly word?: string;
  /** The value may hold a password: what of it a message shows. */
  readonly secret?: (shown: string) => string;
};

type TextRest = Partial<Pick<KeySpec, "needed" | "secret">> & { allows?: (value: string) => boolean; doc: string };

function text(path: string, fallback: string, { allows = (): boolean => true, ...rest }: TextRest): KeySpec {
  const isAllowed = (value: ConfigValue): boolean => typeof value === "string" && allows(value);
  return { path, default: fallback, needed: "text", ...rest, allows: isAllowed };
}

function choice(path: string, options: readonly string[], rest: { fallback: string; doc: string }): KeySpec {
  return text(path, rest.fallback, {
    needed: `one of ${options.join(", ")}`,
    allows: (value) => options.includes(value),
    doc: rest.doc,
  });
}

function flag(path: string, fallback: boolean, doc: string): KeySpec {
  return { path, default: fallback, needed: "true or false", doc, allows: (value) => typeof value === "boolean" };
}

type Range = { readonly from: number; readonly to: number; readonly doc: string };

function whole(path: string, fallback: number, { from, to, doc }: Range): KeySpec {
  return {
    path,
    default: fallback,
    needed: `a whole number from ${from} to ${to}`,
    doc,
    allows: (value) => typeof value === "number" && Number.isInteger(value) && value >= from && value <= to,
  };
}

function number(path: string, fallback: number, { from, to, doc }: Range): KeySpec {
  return {
    path,
    default: fallback,
    needed: `a number from ${from} to ${to}`,
    doc,
    allows: (value) => typeof value === "number" && value >= from && value <= to,
  };
}

/** With the embedded simulated node, where `mining.min_difficulty` is not set: a CPU finds such a share at once. */
export const SIMULATED_MIN_DIFFICULTY = 0.0001;

/** Printable ASCII only: what a coinbase shows in every explorer. */
const TAG_PATTERN = /^[\x20-\x7e]{0,40}$/;

/** Arbitrary; far above what pools take, so that the miner's part written by mistake is refused. */
const FEE_PERCENT = { from: 0, to: 50 };

/** Payouts are divided in hundredths of a percent. */
function feePercent(path: string, doc: string): KeySpec {
  const spec = number(path, 0, { ...FEE_PERCENT, doc });
  const hasTwoDecimals = (value: ConfigValue): boolean => /^[0-9]+(?:\.[0-9]{1,2})?$/.test(String(value));
  return {
    ...spec,
    needed: `${spec.needed}, with two decimals at most`,
    allows: (value) => spec.allows(value) && hasTwoDecimals(value),
  };
}

export const LOG_LEVELS = ["debug", "info", "warn", "error"] as const;

export const KEYS: readonly KeySpec[] = [
  text("data_dir", "data", {
    needed: "a folder",
    allows: (value) => value !== "",
    doc: "Where keys and records are kept; made when it is absent.",
  }),
  choice("network", NETWORKS, { fallback: "main", doc: "The network of the node and of the payout address." }),
  text("stratum.stratum_v2_listen", ":3334", {
    needed: "ADDRESS:PORT, such as :3334, 127.0.0.1:3334 or [::1]:3334,",
    allows: (value) => parseListenAddress(value) !== undefined,
    doc: "Where miners connect. Without an address: on all of them.",
  }),
  text("stratum.public_host", "", {
    needed: "a name, an IPv4 address or an IPv6 address, without a port,",
    allows: (value) => value === "" || isPoolHost(value),
    doc: "The name or address in the URL that is printed for miners; empty: guessed.",
  }),
  choice("stratum.plaintext", ["private", "always", "never"], {
    fallback: "private",
    doc: "Who may connect without encryption: private addresses, everybody, or nobody.",
  }),
  text("server.reconnect_to", "", {
    needed: "HOST:PORT, such as pool.example:3334 or [2001:db8::1]:3334,",
    allows: (value) => value === "" || parseOtherHost(value) !== undefined,
    doc: "Where miners are sent when this pool stops. Its authority key has to be the same. Empty: nowhere.",
  }),
  number("mining.shares_per_minute", 12, {
    from: 0.1,
    to: 600,
    doc: "Shares that each channel should find in a minute.",
  }),
  number("mining.min_difficulty", 1, {
    from: 0,
    to: 1e12,
    doc: `No share is easier, unless a block of the network is. 0: each hash is a share, for load tests. With the simulated node ${SIMULATED_MIN_DIFFICULTY}, if not set.`,
  }),
  text("mining.pool_tag", "/adit/", {
    needed: "a text of at most 40 printable ASCII characters",
    allows: (value) => TAG_PATTERN.test(value),
    doc: "Text in the coinbase of every block.",
  }),
  whole("mining.instance_id", 0, {
    from: 0,
    to: 65_535,
    doc: "Differs between pools that share one payout: keeps their miners' work apart.",
  }),
  {
    ...whole("mining.workers", 0, {
      from: 0,
      to: 64,
      doc: "Threads that validate shares; 0: the main thread alone. auto: one less than there are cores, 1 to 8.",
    }),
    default: "auto",
    word: "auto",
    needed: "auto or a whole number from 0 to 64",
  },
  whole("mining.ack_interval_ms", 250, {
    from: 1,
    to: 10_000,
    doc: "Shares are acknowledged at the latest after so many milliseconds.",
  }),
  whole("mining.ack_count", 1_000, {
    from: 1,
    to: 100_000,
    doc: "So many shares of all channels together are acknowledged without waiting.",
  }),
  choice("ledger.durability", ["full", "normal"], {
    fallback: "full",
    doc: "What acknowledged shares survive: full, a power failure too; normal, the end of the process alone, without a wait for the disk.",
  }),
  whole("ledger.keep_minutes_days", 3, { from: 1, to: 366, doc: "Days that sums by minute are kept." }),
  whole("ledger.keep_hours_days", 90, { from: 1, to: 3_660, doc: "Days that sums by hour are kept." }),
  whole("ledger.keep_days", 3_650, {
    from: 1,
    to: 36_600,
    doc: "Days that sums by day are kept, and workers that were not seen since. Found blocks are kept for good.",
  }),
  text("payout.address", "", {
    needed: "an address",
    doc: "The pool's own address. Required with a real node, but for mode solo without a fee.",
  }),
  choice("payout.mode", PAYOUT_MODES, {
    fallback: "pool",
    doc: "Whom a block pays: the pool's address, the miner's own, or whom the user identity says. See docs/payouts.md.",
  }),
  feePercent("payout.fee_percent", "In mode solo: what the pool's address gets of each block."),
  flag("vardiff.enabled", true, "Steer each channel's difficulty towards shares_per_minute."),
  flag("simulate.enabled", false, "Use the embedded simulated node although a real one is configured."),
  number("simulate.difficulty", 0.005, {
    from: 1e-9,
    to: 1e12,
    doc: "Difficulty of a simulated block. At 0.005 a CPU finds one within a minute.",
  }),
  whole("simulate.transactions", 200, { from: 0, to: 5_000, doc: "Transactions in a template." }),
  number("simulate.block_interval_seconds", 600, { from: 0, to: 1e6, doc: "Between blocks of others; 0: none." }),
  number("simulate.refresh_seconds", 30, { from: 0, to: 1e6, doc: "Between templates of one tip; 0: never." }),
  whole("limits.no_channel_timeout_seconds", 3_600, {
    from: 1,
    to: 1_000_000,
    doc:
      "How long a connection may wait before it opens its first channel, as a proxy does for its first miner, or send " +
      "shares after its last one was closed.",
  }),
  whole("limits.max_connections", 10_000, { from: 1, to: 1_000_000, doc: "Open connections." }),
  whole("limits.max_connections_per_address", 1_000, {
    from: 1,
    to: 1_000_000,
    doc: "Open connections of one address.",
  }),
  whole("limits.max_channels", 100_000, { from: 1, to: 1_000_000, doc: "Open channels of all connections." }),
  whole("limits.max_channels_per_connection", 1_024, {
    from: 1,
    // All may be in one group, and SetGroupChannel names no more (SV2 §5.3.22).
    to: 65_535,
    doc: "Open channels of one connection.",
  }),
  whole("limits.max_outbound_bytes_per_connection", 4_194_304, {
    from: 65_536,
    to: 1_073_741_824,
    doc: "Bytes that may wait for a peer that does not read.",
  }),
  choice("log.level", LOG_LEVELS, { fallback: "info", doc: "The least of debug, info, warn, error that is logged." }),
  choice("log.format", ["pretty", "json"], {
    fallback: "pretty",
    doc: "Lines for people or for programs; both to standard error.",
  }),
  text("log.trace", "", {
    needed: "a list of connection ids and IP addresses, with or without a port and separated by commas,",
    allows: (value) => parsePeerPatterns(value) !== undefined,
    doc: "Peers whose messages are written to trace-….jsonl in the data folder; empty: nobody's.",
  }),
];

/** Of each `[[node]]`. */
export const NODE_KEYS: readonly KeySpec[] = [
  text("node.rpc_url", "http://127.0.0.1:8332", {
    needed: "a URL such as http://127.0.0.1:8332",
    allows: (value) => /^http:\/\//.test(value) && URL.canParse(value),
    // All of what may be user and password: a wrong URL may have a slash or an @ in them.
    secret: (shown) => shown.replace(/^"(\w+:\/\/)?.*@/s, '"$1…@'),
    doc: "The node's JSON-RPC.",
  }),
  text("node.rpc_cookie", "", { doc: "The node's cookie file; read again whenever the node asks for it." }),
  text("node.rpc_user", "", { doc: "User of the JSON-RPC, where there is no cookie." }),
  text("node.rpc_password", "", { secret: () => "something else", doc: "Password of that user." }),
  text("node.zmq_hashblock", "", {
    needed: "an address such as tcp://127.0.0.1:28332",
    allows: (value) => value === "" || isZmqAddress(value),
    doc: "The node's zmqpubhashblock address, such as tcp://127.0.0.1:28332; empty: not used.",
  }),
];
