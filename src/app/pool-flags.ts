/** The flags of `adit pool`, and the configuration key that each one stands for. */

export type PoolFlag = {
  readonly name: string;
  /** Configuration key. */
  readonly path: string;
  readonly type: "string" | "boolean";
  readonly describe: string;
};

export const POOL_FLAGS: readonly PoolFlag[] = [
  {
    name: "stratum-v2",
    path: "stratum.stratum_v2_listen",
    type: "string",
    describe: "Where miners connect: :3334, 127.0.0.1:3334, [::1]:3334",
  },
  { name: "data-dir", path: "data_dir", type: "string", describe: "Folder of keys and records" },
  { name: "network", path: "network", type: "string", describe: "main, testnet4, signet, regtest" },
  { name: "payout-address", path: "payout.address", type: "string", describe: "Where blocks pay to" },
  { name: "rpc-url", path: "node.0.rpc_url", type: "string", describe: "JSON-RPC of the node" },
  { name: "rpc-cookie", path: "node.0.rpc_cookie", type: "string", describe: "Cookie file of the node" },
  { name: "rpc-user", path: "node.0.rpc_user", type: "string", describe: "User of the JSON-RPC" },
  { name: "rpc-password", path: "node.0.rpc_password", type: "string", describe: "Password of the JSON-RPC" },
  { name: "simulate", path: "simulate.enabled", type: "boolean", describe: "Run on the embedded simulated node" },
  { name: "log-level", path: "log.level", type: "string", describe: "debug, info, warn, error" },
  { name: "log-format", path: "log.format", type: "string", describe: "pretty, json" },
  {
    name: "trace",
    path: "log.trace",
    type: "string",
    describe: "Whose messages to write down: connection ids or addresses, with commas between",
  },
];
