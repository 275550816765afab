/**
 * Which keys of the configuration can change while the pool runs. Every key stands in one of the two lists;
 * docs/configuration.md says the same to operators.
 */

/** A reload applies them. */
export const RELOADED_KEYS: readonly string[] = [
  "stratum.public_host",
  "stratum.plaintext",
  "server.reconnect_to",
  "mining.shares_per_minute",
  "mining.min_difficulty",
  "mining.pool_tag",
  "mining.instance_id",
  "mining.ack_interval_ms",
  "mining.ack_count",
  "payout.address",
  "payout.mode",
  "payout.fee_percent",
  "vardiff.enabled",
  "limits.no_channel_timeout_seconds",
  "limits.max_connections",
  "limits.max_connections_per_address",
  "limits.max_channels",
  "limits.max_channels_per_connection",
  "limits.max_outbound_bytes_per_connection",
  "log.level",
  "log.trace",
];

/** They stay as they were at the start. */
export const RESTART_KEYS: readonly string[] = [
  "data_dir",
  "network",
  "stratum.stratum_v2_listen",
  "mining.workers",
  "ledger.durability",
  "ledger.keep_minutes_days",
  "ledger.keep_hours_days",
  "ledger.keep_days",
  "simulate.enabled",
  "simulate.difficulty",
  "simulate.transactions",
  "simulate.block_interval_seconds",
  "simulate.refresh_seconds",
  "log.format",
  "node.rpc_url",
  "node.rpc_cookie",
  "node.rpc_user",
  "node.rpc_password",
  "node.zmq_hashblock",
];
