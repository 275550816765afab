/** The configuration as the program uses it: plain, complete and checked. Flags go over environment, file, defaults. */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { addressToScript } from "../bitcoin/address.ts";
import type { Network } from "../bitcoin/network.ts";
import { AditError } from "../core/errors.ts";
import type { Retention } from "../ledger/roll-ups.ts";
import type { Durability } from "../ledger/sqlite-file.ts";
import type { PayoutOptions } from "../mining/payout-policy.ts";
import { type PeerPattern, parsePeerPatterns } from "../server/peer-pattern.ts";
import type { OtherHost } from "../session/other-host.ts";
import { parseRpcUrl } from "../templates/rpc-endpoint.ts";
import { type ConfigValue, SIMULATED_MIN_DIFFICULTY } from "./config-schema.ts";
import { CONFIG_VARIABLE, readConfigFile, readEnvironment } from "./config-sources.ts";
import { configuredValue, nodeNumbers, noteValue, textToValue, type Values } from "./config-values.ts";
import { UsageError } from "./errors.ts";
import { type ListenAddress, parseListenAddress } from "./listen-address.ts";
import { parseOtherHost } from "./other-host.ts";

export type NodeConfig = {
  readonly rpcUrl: string;
  readonly rpcCookie: string;
  readonly rpcUser: string;
  readonly rpcPassword: string;
  readonly zmqHashblock: string;
};

export type Config = {
  readonly dataDir: string;
  readonly network: Network;
  readonly stratum: {
    readonly stratumV2Listen: ListenAddress;
    readonly publicHost: string;
    readonly plaintext: "private" | "always" | "never";
  };
  readonly server: { readonly reconnectTo: OtherHost | undefined };
  readonly mining: {
    readonly sharesPerMinute: number;
    readonly minDifficulty: number;
    readonly poolTag: string;
    readonly instanceId: number;
    readonly workers: number | "auto";
    readonly ackIntervalMs: number;
    readonly ackCount: number;
  };
  readonly ledger: {
    readonly durability: Durability;
    readonly retention: Retention;
  };
  readonly payout: {
    readonly address: string;
    readonly mode: PayoutOptions["mode"];
    readonly feePercent: number;
  };
  readonly vardiff: { readonly enabled: boolean };
  readonly simulate: {
    /** True also where no node is configured. */
    readonly enabled: boolean;
    readonly difficulty: number;
    readonly transactions: number;
    readonly blockIntervalSeconds: number;
    readonly refreshSeconds: number;
  };
  readonly nodes: readonly NodeConfig[];
  readonly limits: {
    readonly noChannelTimeoutSeconds: number;
    readonly maxConnections: number;
    readonly maxConnectionsPerAddress: number;
    readonly maxChannels: number;
    readonly maxChannelsPerConnection: number;
    readonly maxOutboundBytesPerConnection: number;
  };
  readonly log: {
    readonly level: LogLevel;
    readonly format: "pretty" | "json";
    readonly trace: readonly PeerPattern[];
  };
};

export type LogLevel = "debug" | "info" | "warn" | "error";

export type ConfigInput = {
  /** By path, as texts; `flag` is how the user wrote it. */
  readonly flags: readonly { readonly path: string; readonly value: ConfigValue; readonly flag: string }[];
  /** `--config`. */
  readonly configFile: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
};

export type LoadedValues = {
  readonly values: Values;
  /** The file that some of them are from; undefined where there was none. */
  readonly file: string | undefined;
};

/** @throws {UsageError} */
export function loadConfig(input: ConfigInput): Config {
  return toConfig(loadValues(input).values);
}

/** The data folder alone: the rest need not be complete yet. @throws {UsageError} for a wrong key or value. */
export function loadDataDir(input: ConfigInput): string {
  return String(configuredValue(loadValues(input).values, "data_dir"));
}

/** Each value is right by itself; `toConfig` looks at them together. @throws {UsageError} for a wrong key or value. */
export function loadValues(input: ConfigInput): LoadedValues {
  const flags: Values = new Map();
  for (const { path, value, flag } of input.flags) {
    noteValue(flags, path, { value: typeof value === "string" ? textToValue(path, value) : value, from: flag });
  }
  const environment = readEnvironment(input.environment);
  const dataDir = String(
    flags.get("data_dir") ?? environment.get("data_dir") ?? configuredValue(new Map(), "data_dir"),
  );
  const { path, named } = fileOf(input, dataDir);
  const fromFile = path === undefined ? [] : readConfigFile(path, named);
  return { values: new Map([...fromFile, ...environment, ...flags]), file: path };
}

/** The file's path, if there is one, and how its name came to us. */
function fileOf(
  { configFile, environment }: ConfigInput,
  dataDir: string,
): { readonly path: string | undefined; readonly named: string } {
  if (configFile !== undefined) return { path: configFile, named: "--config" };
  const variable = environment[CONFIG_VARIABLE] ?? "";
  if (variable !== "") return { path: variable, named: CONFIG_VARIABLE };
  const usual = join(dataDir, "config", "config.toml");
  return { path: existsSync(usual) ? usual : undefined, named: "data_dir" };
}

/** @throws {UsageError} where values do not go together. */
export function toConfig(values: Values): Config {
  const text = (path: string): string => String(configuredValue(values, path));
  const number = (path: string): number => Number(configuredValue(values, path));
  const flag = (path: string): boolean => configuredValue(values, path) === true;
  const listen = parseListenAddress(text("stratum.stratum_v2_listen"));
  if (listen === undefined) throw new Error("the schema lets only addresses through");
  const workers = configuredValue(values, "mining.workers");
  const nodes = nodeNumbers(values).map((index) => {
    const rpcUser = text(`node.${index}.rpc_user`);
    const rpcPassword = text(`node.${index}.rpc_password`);
    if (rpcUser !== "" && rpcPassword === "") {
      const message = `node.${index}.rpc_user is set and node.${index}.rpc_password is not: no node lets a user in without one`;
      throw new UsageError("config-invalid", message);
    }
    return {
      rpcUrl: text(`node.${index}.rpc_url`),
      rpcCookie: text(`node.${index}.rpc_cookie`),
      rpcUser,
      rpcPassword,
      zmqHashblock: text(`node.${index}.zmq_hashblock`),
    };
  });
  if (!flag("simulate.enabled")) refuseTwice(nodes, text("network") as Network);
  const simulated = flag("simulate.enabled") || nodes.length === 0;
  const isSet = values.has("mining.min_difficulty");
  const config: Config = {
    dataDir: text("data_dir"),
    network: text("network") as Network,
    stratum: {
      stratumV2Listen: listen,
      publicHost: text("stratum.public_host"),
      plaintext: text("stratum.plaintext") as Config["stratum"]["plaintext"],
    },
    server: { reconnectTo: parseOtherHost(text("server.reconnect_to")) },
    mining: {
      sharesPerMinute: number("mining.shares_per_minute"),
      minDifficulty: simulated && !isSet ? SIMULATED_MIN_DIFFICULTY : number("mining.min_difficulty"),
      poolTag: text("mining.pool_tag"),
      instanceId: number("mining.instance_id"),
      workers: workers === "auto" ? "auto" : Number(workers),
      ackIntervalMs: number("mining.ack_interval_ms"),
      ackCount: number("mining.ack_count"),
    },
    ledger: {
      durability: text("ledger.durability") as Durability,
      retention: {
        minuteDays: number("ledger.keep_minutes_days"),
        hourDays: number("ledger.keep_hours_days"),
        dayDays: number("ledger.keep_days"),
      },
    },
    payout: {
      address: text("payout.address"),
      mode: text("payout.mode") as PayoutOptions["mode"],
      feePercent: number("payout.fee_percent"),
    },
    vardiff: { enabled: flag("vardiff.enabled") },
    simulate: {
      enabled: simulated,
      difficulty: number("simulate.difficulty"),
      transactions: number("simulate.transactions"),
      blockIntervalSeconds: number("simulate.block_interval_seconds"),
      refreshSeconds: number("simulate.refresh_seconds"),
    },
    nodes,
    limits: {
      noChannelTimeoutSeconds: number("limits.no_channel_timeout_seconds"),
      maxConnections: number("limits.max_connections"),
      maxConnectionsPerAddress: number("limits.max_connections_per_address"),
      maxChannels: number("limits.max_channels"),
      maxChannelsPerConnection: number("limits.max_channels_per_connection"),
      maxOutboundBytesPerConnection: number("limits.max_outbound_bytes_per_connection"),
    },
    log: {
      level: text("log.level") as LogLevel,
      format: text("log.format") as "pretty" | "json",
      trace: parsePeerPatterns(text("log.trace")) ?? [],
    },
  };
  checkTogether(config);
  return config;
}

function checkTogether({ payout, network, simulate, ledger }: Config): void {
  const { minuteDays, hourDays, dayDays } = ledger.retention;
  if (minuteDays > hourDays || hourDays > dayDays) {
    throw new UsageError(
      "config-invalid",
      `ledger.keep_minutes_days is ${minuteDays}, keep_hours_days ${hourDays} and keep_days ${dayDays}: none may be above the next`,
    );
  }
  if (!simulate.enabled && network === "signet") {
    throw new UsageError(
      "config-invalid",
      'network is "signet", whose blocks need a signature that the pool cannot make: main, testnet4 or regtest is needed',
    );
  }
  if (payout.feePercent > 0 && payout.mode !== "solo") {
    throw new UsageError(
      "config-invalid",
      `payout.fee_percent is ${payout.feePercent}, but payout.mode "${payout.mode}" takes no fee: mode "solo" or a fee of 0 is needed`,
    );
  }
  if (payout.address === "") {
    const isNeeded = payout.mode !== "solo" || payout.feePercent > 0;
    if (simulate.enabled || !isNeeded) return;
    const where = payout.mode === "solo" ? "with payout.fee_percent" : "with a real node";
    throw new UsageError(
      "config-invalid",
      `payout.address is empty: ${where} an address of network ${network} is needed`,
    );
  }
  try {
    addressToScript(payout.address, network);
  } catch (cause) {
    if (!(cause instanceof AditError)) throw cause;
    throw new UsageError("config-invalid", `payout.address: ${cause.message}`, cause);
  }
}

/**
 * Blocks would go to it twice, and nothing that is said of nodes would tell one from the other. By the address alone: the
 * rest of a URL may be a password.
 */
function refuseTwice(nodes: Config["nodes"], network: Network): void {
  const labels = nodes.map(({ rpcUrl }) => parseRpcUrl(rpcUrl, network).label);
  const again = labels.find((label, index) => labels.indexOf(label) < index);
  if (again === undefined) return;
  const message = `two nodes have the rpc_url ${again}: a section [[node]] for each node, once, is needed`;
  throw new UsageError("config-invalid", message);
}
