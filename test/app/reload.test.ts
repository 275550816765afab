import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { type Config, type ConfigInput, type LogLevel, loadValues } from "../../src/app/config.ts";
import { KEYS, NODE_KEYS } from "../../src/app/config-schema.ts";
import { Reloader } from "../../src/app/reload.ts";
import { RELOADED_KEYS, RESTART_KEYS } from "../../src/app/reload-keys.ts";
import type { LogContext } from "../../src/core/logger.ts";
import { RecordingLogger } from "../support/recording-logger.ts";

const MAIN = "1BoatSLRHtKNngkdXEeobR76b53LETtpyT";
const MAIN_2 = "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq";
const TESTNET = "tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx";

const folder = mkdtempSync(join(tmpdir(), "adit-reload-"));
const path = join(folder, "config.toml");

let logger: RecordingLogger;
let applied: Config[];
/** Levels that were set, each with how many lines there were then. */
let levels: [LogLevel, number][];
beforeEach(() => {
  logger = new RecordingLogger();
  applied = [];
  levels = [];
});

/** A pool that runs with that file, or none. */
function running(file: string | undefined, input: Partial<ConfigInput> = {}): Reloader {
  rmSync(path, { force: true });
  if (file !== undefined) write(file);
  const configFile = file === undefined ? undefined : path;
  const environment = { ADIT_DATA_DIR: join(folder, "none") };
  const load = () => loadValues({ flags: [], configFile, environment, ...input });
  const apply = (config: Config): void => void applied.push(config);
  const setLevel = (level: LogLevel): void => void levels.push([level, logger.lines.length]);
  return new Reloader({ loaded: load(), load, apply, setLevel }, { logger });
}

function write(file: string): void {
  writeFileSync(path, file);
}

const reloaded = (): LogContext[] => logger.of("configuration reloaded");
const kept = (): unknown[] => logger.of("configuration not reloaded: a restart is needed").map(({ key }) => key);
const errors = (): unknown[] => logger.of("configuration not reloaded").map(({ error }) => error);

describe("the keys of the configuration", () => {
  it("each can either change while the pool runs, or cannot", () => {
    const all = [...KEYS, ...NODE_KEYS].map((key) => key.path);
    expect([...RELOADED_KEYS, ...RESTART_KEYS].sort()).toEqual([...all].sort());
  });
});

/** Another value than the default one for each key that can change. */
const OTHERS: Readonly<Record<string, string | number | boolean>> = {
  "stratum.public_host": "pool.example",
  "stratum.plaintext": "never",
  "server.reconnect_to": "pool-b.example:1",
  "mining.pool_tag": "/other/",
  "payout.address": MAIN,
  "payout.mode": "identity",
  "payout.fee_percent": 2,
  "vardiff.enabled": false,
  "log.level": "debug",
  "log.trace": "17",
};

/** What has to stand beside a key, before its change and after. */
const BESIDE: Readonly<Record<string, string>> = { "payout.fee_percent": '[payout]\nmode = "solo"\n' };

describe("a key that can change", () => {
  it.each(RELOADED_KEYS)("is applied, and said once: %s", (key) => {
    const spec = KEYS.find((each) => each.path === key);
    const to = OTHERS[key] ?? Number(spec?.default) + 1;
    const [section, name] = key.split(".");
    const beside = BESIDE[key] ?? `[${section}]\n`;
    const reloader = running(beside);
    write(`${beside}${name} = ${JSON.stringify(to)}\n`);
    reloader.reload();
    const from = key === "mining.min_difficulty" ? 0.0001 : spec?.default;
    expect(reloaded()).toEqual([{ key, from, to }]);
    expect([applied.length, logger.lines.length]).toEqual([1, 1]);
    reloader.reload();
    expect(applied).toHaveLength(1);
    expect(logger.lines.slice(1).map(({ message }) => message)).toEqual(["configuration reloaded: nothing changed"]);
  });

  it("goes back to its default where it is taken out of the file", () => {
    const reloader = running("[mining]\nshares_per_minute = 30\n");
    write("");
    reloader.reload();
    expect(reloaded()).toEqual([{ key: "mining.shares_per_minute", from: 30, to: 12 }]);
    expect(applied[0]?.mining.sharesPerMinute).toBe(12);
  });

  it("stays what the environment or a flag says, whatever the file does", () => {
    const environment = { ADIT_DATA_DIR: folder, ADIT_MINING__ACK_COUNT: "7" };
    const flags = [{ path: "log.level", value: "warn", flag: "--log-level" }];
    const reloader = running("", { environment, flags });
    write('[log]\nlevel = "debug"\n[mining]\nack_count = 9\npool_tag = "/x/"\n');
    reloader.reload();
    expect(reloaded()).toEqual([{ key: "mining.pool_tag", from: "/adit/", to: "/x/" }]);
    expect(applied[0]).toMatchObject({ log: { level: "warn" }, mining: { ackCount: 7 } });
  });
});

describe("the level of the log", () => {
  it("is raised after what is said of it, and lowered before, so that it can be read", () => {
    const reloader = running("");
    write('[log]\nlevel = "error"\n');
    reloader.reload();
    expect(levels).toEqual([["error", 1]]);
    write('[log]\nlevel = "info"\n');
    reloader.reload();
    expect(levels.slice(1)).toEqual([["info", 1]]);
    expect(logger.lines).toHaveLength(2);
  });
});

/** Another value for each key that cannot change, as TOML. */
const FIXED: readonly (readonly [string, string])[] = [
  ["data_dir", 'data_dir = "elsewhere"'],
  ["network", 'network = "testnet4"'],
  ["stratum.stratum_v2_listen", '[stratum]\nstratum_v2_listen = ":4444"'],
  ["mining.workers", "[mining]\nworkers = 3"],
  ["ledger.durability", '[ledger]\ndurability = "normal"'],
  ["ledger.keep_minutes_days", "[ledger]\nkeep_minutes_days = 4"],
  ["ledger.keep_hours_days", "[ledger]\nkeep_hours_days = 91"],
  ["ledger.keep_days", "[ledger]\nkeep_days = 3651"],
  ["simulate.enabled", "[simulate]\nenabled = true"],
  ["simulate.difficulty", "[simulate]\ndifficulty = 2"],
  ["simulate.transactions", "[simulate]\ntransactions = 2"],
  ["simulate.block_interval_seconds", "[simulate]\nblock_interval_seconds = 2"],
  ["simulate.refresh_seconds", "[simulate]\nrefresh_seconds = 2"],
  ["log.format", '[log]\nformat = "json"'],
];

describe("a key that cannot change", () => {
  it("is one of these, or a node's", () => {
    expect(FIXED.map(([key]) => key)).toEqual(RESTART_KEYS.filter((key) => !key.startsWith("node.")));
  });

  it.each(FIXED)("is named, and nothing is applied: %s", (key, toml) => {
    // Where the environment names the data folder, the file has no say.
    const reloader = running("", { environment: {} });
    write(toml);
    reloader.reload();
    expect(kept()).toEqual([key]);
    expect([applied, reloaded(), logger.lines.length]).toEqual([[], [], 1]);
  });

  const NODE = `[payout]\naddress = "${MAIN}"\n[[node]]\nrpc_url = "http://10.0.0.1:1"\n`;

  it.each(NODE_KEYS.map((spec) => spec.path))("is named with the number of its node, and no value of it: %s", (key) => {
    const reloader = running(NODE);
    const values: Record<string, string> = {
      "node.rpc_url": "http://alice:hunter2@10.0.0.2:1",
      "node.zmq_hashblock": "tcp://hunter2:1",
    };
    const more = key === "node.rpc_user" ? 'rpc_password = "hunter2"\n' : "";
    const line = `${key.replace("node.", "")} = "${values[key] ?? "hunter2"}"\n`;
    write(`${NODE.replace(/rpc_url.*/, "")}${line}${more}`);
    reloader.reload();
    expect(kept()).toContain(key.replace("node", "node.0"));
    expect(JSON.stringify(logger.lines)).not.toContain("hunter2");
    expect(applied).toEqual([]);
  });

  it("is a node that came or went, as a whole", () => {
    const reloader = running(NODE);
    write(`${NODE}[[node]]\nrpc_cookie = "/c"\n`);
    reloader.reload();
    expect(kept()).toEqual(["node.1"]);
    write(NODE);
    reloader.reload();
    expect(logger.lines.at(-1)?.message).toBe("configuration reloaded: nothing changed");
    write(NODE.replace(/\[\[node\]\].*/s, ""));
    reloader.reload();
    expect(kept()).toEqual(["node.1", "node.0"]);
  });

  it("is named each time, while those that can change are applied beside it", () => {
    const reloader = running("");
    write("[mining]\nworkers = 3\nack_count = 9\n");
    reloader.reload();
    reloader.reload();
    expect(kept()).toEqual(["mining.workers", "mining.workers"]);
    expect(reloaded()).toEqual([{ key: "mining.ack_count", from: 1_000, to: 9 }]);
    expect(applied[0]?.mining).toMatchObject({ workers: "auto", ackCount: 9 });
  });

  it("leaves the defaults that depend on it as they are: the simulated node has easy shares still", () => {
    const reloader = running("");
    write(NODE);
    reloader.reload();
    expect(kept()).toEqual(["node.0"]);
    expect(reloaded().map(({ key }) => key)).toEqual(["payout.address"]);
    expect(applied[0]).toMatchObject({ simulate: { enabled: true }, mining: { minDifficulty: 0.0001 } });
  });
});

describe("a configuration that is wrong", () => {
  const cases: readonly (readonly [string, string, RegExp])[] = [
    ["value", '[mining]\nack_count = 0\npool_tag = "/x/"\n', /mining\.ack_count is 0, but a whole number/],
    ["key", "[mining]\nack_cout = 5\n", /there is no key mining\.ack_cout; did you mean/],
    ["TOML", "[mining\n", /is no TOML in line 1/],
    ["address", `[payout]\naddress = "${TESTNET}"\n`, /payout\.address: /],
  ];

  it.each(cases)("changes nothing, and is said in one sentence: a %s", (_, file, sentence) => {
    const reloader = running("[mining]\nack_count = 5\n");
    write(file);
    reloader.reload();
    expect(errors()).toEqual([expect.stringMatching(sentence)]);
    expect([applied, levels, logger.lines.length]).toEqual([[], [], 1]);
    expect(logger.lines[0]?.level).toBe("error");
    write("[mining]\nack_count = 6\n");
    reloader.reload();
    expect(reloaded()).toEqual([{ key: "mining.ack_count", from: 5, to: 6 }]);
  });

  it("is one that would be right with what runs, but is not by itself: the next start would fail", () => {
    const reloader = running(`[payout]\naddress = "${MAIN}"\n`);
    write(`network = "testnet4"\n[payout]\naddress = "${MAIN}"\n[mining]\nack_count = 5\n`);
    reloader.reload();
    expect(errors()).toEqual([expect.stringMatching(/^payout\.address: .* of network testnet4/)]);
    expect([applied, logger.lines.length]).toEqual([[], 1]);
  });

  it("is one that is right by itself, but not with what needs a restart", () => {
    const reloader = running(`[payout]\naddress = "${MAIN}"\n`);
    write(`network = "testnet4"\n[payout]\naddress = "${TESTNET}"\n[mining]\nack_count = 5\n`);
    reloader.reload();
    expect(errors()).toEqual([
      expect.stringMatching(/^payout\.address: .*, since network can change by a restart alone$/),
    ]);
    expect([applied, logger.lines.length]).toEqual([[], 1]);
    write(`[payout]\naddress = "${MAIN_2}"\n`);
    reloader.reload();
    expect(reloaded()).toEqual([{ key: "payout.address", from: MAIN, to: MAIN_2 }]);
  });

  it("is a file that is gone, the one that was named", () => {
    const reloader = running("[mining]\nack_count = 5\n");
    rmSync(path);
    reloader.reload();
    expect(errors()).toEqual([expect.stringContaining("cannot be read (ENOENT)")]);
    expect(applied).toEqual([]);
  });

  it("is a file that is gone, the one in the data folder", () => {
    const usual = join(folder, "config", "config.toml");
    mkdirSync(join(folder, "config"));
    writeFileSync(usual, "[mining]\nack_count = 5\n");
    const reloader = running(undefined, { environment: { ADIT_DATA_DIR: folder } });
    rmSync(usual);
    reloader.reload();
    expect(errors()).toEqual([`the configuration file "${usual}" is gone: it has to be there again`]);
    expect(applied).toEqual([]);
  });

  it("is no end of the pool where applying it fails: what ran before runs on", () => {
    const fault = new TypeError("x is no function");
    const load = () => loadValues({ flags: [], configFile: path, environment: {} });
    write("");
    const apply = (): void => {
      throw fault;
    };
    const reloader = new Reloader({ loaded: load(), load, apply, setLevel: () => undefined }, { logger });
    write("[mining]\nack_count = 5\n");
    reloader.reload();
    expect(errors()).toEqual([fault]);
  });
});

describe("a pool without a configuration file", () => {
  it("says that nothing changed", () => {
    running(undefined).reload();
    expect(logger.lines).toEqual([{ level: "info", message: "configuration reloaded: nothing changed", context: {} }]);
    expect([applied, levels]).toEqual([[], []]);
  });
});
