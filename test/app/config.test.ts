import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type Config, type ConfigInput, loadConfig, toConfig } from "../../src/app/config.ts";
import { KEYS, NODE_KEYS } from "../../src/app/config-schema.ts";
import { parseConfig } from "../../src/app/config-sources.ts";
import { UsageError } from "../../src/app/errors.ts";
import { parseListenAddress } from "../../src/app/listen-address.ts";

const ROOT = join(import.meta.dirname, "../..");
const NOWHERE = join(tmpdir(), "adit-no-such-folder");

function load(input: Partial<ConfigInput> = {}): Config {
  return loadConfig({
    flags: [],
    configFile: undefined,
    environment: { ADIT_DATA_DIR: NOWHERE },
    ...input,
  });
}

function fileWith(text: string): string {
  const path = join(mkdtempSync(join(tmpdir(), "adit-config-")), "config.toml");
  writeFileSync(path, text);
  return path;
}

function messageOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    return (error as UsageError).message;
  }
  throw new Error("nothing was thrown");
}

describe("config.example.toml", () => {
  const source = readFileSync(join(ROOT, "config.example.toml"), "utf8");
  // The one key whose default depends on another one.
  const whole = source.replace("# min_difficulty", "min_difficulty");

  it("holds every key with its default, and no other", () => {
    const values = parseConfig(whole, "config.example.toml");
    expect(Object.fromEntries(values)).toEqual(Object.fromEntries(KEYS.map((key) => [key.path, key.default])));
  });

  it("shows every key of a node with its default", () => {
    const nodePart = source.slice(source.indexOf("# [[node]]")).replaceAll(/^# (?=\[\[node\]\]|\w+ = )/gm, "");
    const values = parseConfig(nodePart, "config.example.toml");
    expect(Object.fromEntries(values)).toEqual(
      Object.fromEntries(NODE_KEYS.map((key) => [key.path.replace("node.", "node.0."), key.default])),
    );
  });

  it("loads as the same configuration as no file at all", () => {
    expect(toConfig(parseConfig(source, "config.example.toml"))).toEqual({ ...load(), dataDir: "data" });
  });
});

describe("docs/configuration.md", () => {
  const page = readFileSync(join(ROOT, "docs/configuration.md"), "utf8");

  it.each([...KEYS, ...NODE_KEYS].map((key) => [key.path, key] as const))("documents %s as it is", (path, key) => {
    const needed = key.needed.replace(/,$/, "");
    expect(page).toContain(`| \`${path}\` | \`${JSON.stringify(key.default)}\` | ${needed} | ${key.doc} |`);
  });
});

describe("a configuration", () => {
  it("takes flags over the environment, the environment over the file, the file over the defaults", () => {
    const configFile = fileWith('[log]\nlevel = "debug"\nformat = "json"\n[mining]\npool_tag = "/file/"\n');
    const environment = { ADIT_DATA_DIR: NOWHERE, ADIT_LOG__LEVEL: "warn", ADIT_LOG__FORMAT: "pretty" };
    const flags = [{ path: "log.level", value: "error", flag: "--log-level" }];
    const config = load({ configFile, environment, flags });
    expect(config.log).toEqual({ level: "error", format: "pretty", trace: [] });
    expect(config.mining.poolTag).toBe("/file/");
    expect(config.mining.sharesPerMinute).toBe(12);
  });

  it("reads config/config.toml of the data folder, if there is one", () => {
    const folder = mkdtempSync(join(tmpdir(), "adit-data-"));
    expect(load({ environment: { ADIT_DATA_DIR: folder } }).mining.poolTag).toBe("/adit/");
    mkdirSync(join(folder, "config"));
    writeFileSync(join(folder, "config", "config.toml"), '[mining]\npool_tag = "/here/"\n');
    expect(load({ environment: { ADIT_DATA_DIR: folder } }).mining.poolTag).toBe("/here/");
  });

  it("reads every type from the environment", () => {
    const { mining, vardiff, nodes, network } = load({
      environment: {
        ADIT_DATA_DIR: NOWHERE,
        ADIT_NETWORK: "regtest",
        ADIT_MINING__SHARES_PER_MINUTE: "30.5",
        ADIT_MINING__WORKERS: "3",
        ADIT_VARDIFF__ENABLED: "false",
        ADIT_NODE__0__RPC_URL: "http://10.0.0.1:1",
        ADIT_NODE__1__RPC_USER: "12",
        ADIT_NODE__1__RPC_PASSWORD: "34",
        ADIT_SIMULATE__ENABLED: "true",
      },
    });
    expect(network).toBe("regtest");
    expect(mining).toMatchObject({ sharesPerMinute: 30.5, workers: 3 });
    expect(vardiff.enabled).toBe(false);
    expect(nodes.map(({ rpcUrl, rpcUser }) => [rpcUrl, rpcUser])).toEqual([
      ["http://10.0.0.1:1", ""],
      ["http://127.0.0.1:8332", "12"],
    ]);
  });

  it("runs on the simulated node where no node is configured, with easier shares", () => {
    expect(load().simulate.enabled).toBe(true);
    expect(load().mining.minDifficulty).toBe(0.0001);
    expect(load({ configFile: fileWith("[mining]\nmin_difficulty = 2\n") }).mining.minDifficulty).toBe(2);
  });

  it("takes a real node where one is configured, unless the simulation is asked for", () => {
    const real = '[payout]\naddress = "1BoatSLRHtKNngkdXEeobR76b53LETtpyT"\n[[node]]\nrpc_cookie = "/c"\n';
    const config = load({ configFile: fileWith(real) });
    expect(config.simulate.enabled).toBe(false);
    expect(config.mining.minDifficulty).toBe(1);
    expect(config.nodes).toEqual([
      { rpcUrl: "http://127.0.0.1:8332", rpcCookie: "/c", rpcUser: "", rpcPassword: "", zmqHashblock: "" },
    ]);
    const flags = [{ path: "simulate.enabled", value: true, flag: "--simulate" }];
    expect(load({ configFile: fileWith(real), flags }).simulate.enabled).toBe(true);
  });

  it.each([
    ["network = 5\n", /: network is 5, but one of main, testnet4, signet, regtest is needed$/],
    ['network = "test"\n', /network is "test"/],
    ['[stratum]\nplaintxt = "never"\n', /no key stratum\.plaintxt; did you mean stratum\.plaintext\?/],
    ['[stratum]\nstratum_v2_listen = "3334"\n', /stratum_v2_listen is "3334", but ADDRESS:PORT/],
    ["[mining]\nshares_per_minute = 0\n", /a number from 0\.1 to 600 is needed/],
    ["[mining]\nworkers = 65\n", /workers is 65, but auto or a whole number from 0 to 64 is needed/],
    ['[mining]\nworkers = "many"\n', /workers is "many"/],
    ['[mining]\npool_tag = "é"\n', /pool_tag is "é", but a text of at most 40 printable ASCII characters is needed$/],
    [`[mining]\npool_tag = "${"a".repeat(41)}"\n`, /pool_tag/],
    ["[vardiff]\nenabled = 1\n", /enabled is 1, but true or false is needed/],
    ["[[node]]\n[[node]]\nrpc_urll = 1\n", /no key node\.1\.rpc_urll; did you mean node\.0\.rpc_url\?/],
    ['[[node]]\nrpc_url = "ftp://x"\n', /node\.0\.rpc_url is "ftp:\/\/x"/],
    ['[[node]]\nrpc_url = "https://127.0.0.1:8332"\n', /but a URL such as http:\/\/127\.0\.0\.1:8332 is needed$/],
    ['[node]\nrpc_url = "http://127.0.0.1:8332"\n', /node is no list of sections, but a section \[\[node\]\] for each/],
    ["node = 5\n", /node is no list of sections, but a section \[\[node\]\] for each node is needed$/],
    ["node = [1]\n", /node is no list of sections/],
    ["mining = 3\n", /mining has a value, but a section \[mining\] is needed$/],
    ["[[mining]]\npool_tag = 1\n", /mining has a value, but a section \[mining\] is needed$/],
    ["[mining]\nfee = 1\n", /there is no key mining\.fee: docs\/configuration\.md has those there are$/],
    ["[foo]\n", /there is no section \[foo\]: docs\/configuration\.md has those there are$/],
    ["[minig]\npool_tag = 1\n", /there is no section \[minig\]; did you mean \[mining\]\?$/],
    ['[[nodes]]\nrpc_url = "x"\n', /there is no section \[\[nodes\]\]; did you mean \[\[node\]\]\?$/],
    ['[nodes]\nrpc_url = "x"\n', /there is no section \[nodes\]; did you mean \[\[node\]\]\?$/],
    ["[[foo]]\nx = 1\n", /there is no section \[\[foo\]\]: docs\/configuration\.md has those there are$/],
    ['durability = "full"\n', /: durability stands in no section, but belongs to \[ledger\]$/],
    ['rpc_url = "x"\n', /: rpc_url stands in no section, but belongs to \[\[node\]\]$/],
    ['data_dri = "x"\n', /there is no key data_dri; did you mean data_dir\?$/],
    ["networks = []\n", /there is no key networks; did you mean network\?$/],
    ["data_dir = 2020-01-01T00:00:00Z\n", /data_dir is a section or a date, but a folder is needed$/],
    ["data_dir = [1]\n", /data_dir is a list, but a folder is needed$/],
    ["[log.level]\nx = 1\n", /log\.level is a section or a date, but one of debug/],
    ["[mining]\nmin_difficulty = nan\n", /min_difficulty is NaN, but a number from 0/],
    ["[mining]\nmin_difficulty = 9007199254740993\n", /min_difficulty is 9007199254740993, but a number from 0/],
    ['[stratum]\npublic_host = "a b/c"\n', /public_host is "a b\/c", but a name, an IPv4 address or an IPv6/],
    ['[stratum]\npublic_host = "pool.example:3334"\n', /public_host is "pool\.example:3334", but a name/],
    ["[mining\n", /is no TOML in line 1: "\\n" is not expected there; texts need quotes, as in network = "main"$/],
    ["\nnetwork = main\n", /is no TOML in line 2: "m" is not expected there; texts need quotes/],
    ["network =", /is no TOML in line 1: the end of the file is not expected there/],
    ["a = 1\na = 2\n", /is no TOML in line 2: /],
    ['[payout]\naddress = "nonsense"\n', /payout\.address: "nonsense" is no address of network main/],
    ["[[node]]\n", /payout\.address is empty: with a real node an address of network main is needed/],
    [
      '[payout]\nmode = "identity"\n[[node]]\n',
      /payout\.address is empty: with a real node an address of network main is/,
    ],
    [
      '[payout]\nmode = "solo"\nfee_percent = 1\n[[node]]\n',
      /address is empty: with payout\.fee_percent an address of/,
    ],
    [
      "[payout]\nfee_percent = 1\n",
      /payout\.fee_percent is 1, but payout\.mode "pool" takes no fee: mode "solo" or a fee/,
    ],
    ['[payout]\nmode = "identity"\nfee_percent = 0.5\n', /fee_percent is 0\.5, but payout\.mode "identity" takes no/],
    ['[payout]\nmode = "pplns"\n', /payout\.mode is "pplns", but one of pool, solo, identity is needed/],
    ['network = "signet"\n[[node]]\n', /network is "signet", whose blocks need a signature/],
  ])("of %j is refused with one sentence", (text, wanted) => {
    const path = fileWith(text);
    const message = messageOf(() => load({ configFile: path }));
    expect(message).toMatch(wanted);
    expect(message).not.toContain("\n");
  });

  it("names the variable or flag that is wrong", () => {
    expect(messageOf(() => load({ environment: { ADIT_NETWRK: "main" } }))).toBe(
      "ADIT_NETWRK: there is no key netwrk; did you mean network?",
    );
    expect(messageOf(() => load({ environment: { ADIT_DURABILITY: "full" } }))).toBe(
      "ADIT_DURABILITY: there is no key durability: docs/configuration.md has those there are",
    );
    const flags = [{ path: "log.level", value: "loud", flag: "--log-level" }];
    expect(messageOf(() => load({ flags }))).toBe(
      '--log-level: log.level is "loud", but one of debug, info, warn, error is needed',
    );
  });

  it("names a file that cannot be read, and who named it", () => {
    const path = `${NOWHERE}/x.toml`;
    const rest = `: the configuration file "${path}" cannot be read (ENOENT): the path of a TOML file is needed`;
    expect(messageOf(() => load({ configFile: path }))).toBe(`--config${rest}`);
    expect(messageOf(() => load({ environment: { ADIT_CONFIG: path } }))).toBe(`ADIT_CONFIG${rest}`);
  });

  it("takes an empty ADIT_CONFIG as none", () => {
    expect(load({ environment: { ADIT_DATA_DIR: NOWHERE, ADIT_CONFIG: "" } }).mining.poolTag).toBe("/adit/");
  });

  it("refuses a variable of a node without its number", () => {
    expect(messageOf(() => load({ environment: { ADIT_NODE__RPC_URL: "http://127.0.0.1:1" } }))).toBe(
      "ADIT_NODE__RPC_URL: there is no key node.rpc_url; did you mean node.0.rpc_url?",
    );
  });

  it("shows no password in a message", () => {
    const url = messageOf(() => load({ configFile: fileWith('[[node]]\nrpc_url = "ftp://user:hunter2@h/"\n') }));
    expect(url).toMatch(/rpc_url is "ftp:\/\/…@h\/", but a URL/);
    const password = messageOf(() => load({ configFile: fileWith("[[node]]\nrpc_password = 1234567\n") }));
    expect(password).toMatch(/node\.0\.rpc_password is something else, but text is needed$/);
  });

  it.each(["pool.example", "192.0.2.1", "2001:db8::1", ""])("takes %j as the public host", (host) => {
    expect(load({ configFile: fileWith(`[stratum]\npublic_host = "${host}"\n`) }).stratum.publicHost).toBe(host);
  });

  it("takes a pool tag of 40 characters", () => {
    expect(load({ configFile: fileWith(`[mining]\npool_tag = "${"a".repeat(40)}"\n`) }).mining.poolTag).toHaveLength(
      40,
    );
  });
});

describe("an address to listen on", () => {
  it.each([
    [":3334", { host: "::", port: 3334 }],
    ["127.0.0.1:3334", { host: "127.0.0.1", port: 3334 }],
    ["localhost:1", { host: "127.0.0.1", port: 1 }],
    ["[::1]:3334", { host: "::1", port: 3334 }],
    ["0.0.0.0:0", { host: "0.0.0.0", port: 0 }],
    [":65535", { host: "::", port: 65_535 }],
  ])("%s is understood", (text, address) => {
    expect(parseListenAddress(text)).toEqual(address);
  });

  it.each(["", "3334", ":", ":65536", "::1:3334", "[::1]", "[x]:1", "example.com:1", "1.2.3:4", ":-1", ":1.5"])(
    "%j is not",
    (text) => {
      expect(parseListenAddress(text)).toBeUndefined();
    },
  );
});
