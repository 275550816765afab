import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type Config, type ConfigInput, loadConfig } from "../../src/app/config.ts";
import { KEYS } from "../../src/app/config-schema.ts";
import { parseConfig } from "../../src/app/config-sources.ts";
import { SetGroupChannel } from "../../src/wire/channel-messages.ts";
import { encodeFrame } from "../../src/wire/frame.ts";

const NOWHERE = join(tmpdir(), "adit-no-such-folder");

function load(environment: Record<string, string | undefined>, flags: ConfigInput["flags"] = []): Config {
  return loadConfig({ flags, configFile: undefined, environment: { ADIT_DATA_DIR: NOWHERE, ...environment } });
}

/** Each key that is a number, with what its own message says that it may be. */
const RANGES = KEYS.flatMap(({ path, needed }) => {
  const [, kind, from, to] = /(a whole number|a number) from (\S+) to (\S+)$/.exec(needed) ?? [];
  return kind === undefined ? [] : [{ path, isWhole: kind === "a whole number", from: Number(from), to: Number(to) }];
});

describe("every number", () => {
  it("is one of these", () => {
    expect(RANGES.map(({ path }) => path)).toHaveLength(19);
  });

  it.each(RANGES)("$path may be $from and $to, and nothing beyond", ({ path, isWhole, from, to }) => {
    const [section, key] = path.split(".");
    const given = (value: number): unknown => parseConfig(`[${section}]\n${key} = ${value}\n`, "a file").get(path);
    expect([given(from), given(to)]).toEqual([from, to]);
    const step = isWhole ? 1 : from / 1_000 || 1e-12;
    for (const wrong of [from - step, to + Math.max(step, to / 1_000), ...(isWhole ? [from + 0.5] : [])]) {
      expect(() => given(wrong), `${wrong}`).toThrow(`from ${from} to ${to} is needed`);
    }
  });
});

describe("the most channels that a connection may have", () => {
  it("are as many as SetGroupChannel can name", () => {
    const { to } = RANGES.find(({ path }) => path === "limits.max_channels_per_connection") ?? { to: 0 };
    const move = (channels: number): Uint8Array =>
      encodeFrame(SetGroupChannel, { group_channel_id: 1, channel_ids: new Array<number>(channels).fill(2) });
    expect(move(to)).toHaveLength(6 + 4 + 2 + 4 * to);
    expect(() => move(to + 1)).toThrow(RangeError);
  });
});

describe("a variable of the environment", () => {
  it.each(["yes", "1", "", "TRUE"])("that switches with %j is refused, and not taken for false", (text) => {
    expect(() => load({ ADIT_VARDIFF__ENABLED: text })).toThrow("but true or false is needed");
  });

  it("stays text where text is needed, whatever it looks like", () => {
    expect(load({ ADIT_MINING__POOL_TAG: "true" }).mining.poolTag).toBe("true");
    expect(load({ ADIT_MINING__POOL_TAG: "12" }).mining.poolTag).toBe("12");
  });

  it.each(["", " ", "12 shares", "Infinity", "0x"])("that is %j is no number", (text) => {
    expect(() => load({ ADIT_MINING__ACK_COUNT: text })).toThrow("mining.ack_count is");
  });

  it("is not ours without our prefix, and is none without a value", () => {
    expect(load({ HOME: "/root", NETWORK: "moon", ADIT_NETWORK: undefined }).network).toBe("main");
  });
});

describe("a flag", () => {
  it("is text, and becomes what its key needs", () => {
    const flags = [{ path: "mining.workers", value: "3", flag: "--workers" }];
    expect(load({}, flags).mining.workers).toBe(3);
  });

  it("names the data folder over the environment", () => {
    expect(load({}, [{ path: "data_dir", value: `${NOWHERE}-2`, flag: "--data-dir" }]).dataDir).toBe(`${NOWHERE}-2`);
  });
});

describe("a message about a node's URL", () => {
  it.each([
    ["ftp://user:hunter2@h/", '"ftp://…@h/"'],
    ["http://user:hun/ter2@h", '"http://…@h"'],
    ["http://user:hun@ter2@h:x", '"http://…@h:x"'],
    ["user:hun/ter2@h", '"…@h"'],
    ['ftp://user:hun"ter2@h', '"ftp://…@h"'],
    ["http://[h", '"http://[h"'],
  ])("%s shows nothing of a password", (url, shown) => {
    expect(() => load({ ADIT_NODE__0__RPC_URL: url })).toThrow(`node.0.rpc_url is ${shown}, but a URL such as`);
  });

  it("has no password in it, whatever else is wrong with the node", () => {
    const flags = [{ path: "node.0.rpc_password", value: "hunter2", flag: "--rpc-password" }];
    expect(() => load({}, flags)).toThrow(/^payout\.address is empty/);
  });
});
