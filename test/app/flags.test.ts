import { describe, expect, it } from "vitest";
import { hashrateFlag } from "../../src/app/client-flags.ts";
import { UsageError } from "../../src/app/errors.ts";
import { checkSwitches, choiceFlag, numberFlag, textFlag, wholeFlag } from "../../src/app/flags.ts";
import { minerOptions } from "../../src/app/miner.ts";

function refusal(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    return (error as UsageError).message;
  }
  throw new Error("it was not refused");
}

describe("A flag", () => {
  it("that is not given has no value", () => {
    expect(textFlag({}, "user")).toBeUndefined();
    expect(choiceFlag({}, "channel", ["standard"])).toBeUndefined();
    expect(wholeFlag({}, "threads", 4)).toBeUndefined();
    expect(numberFlag({}, "hashrate", { most: 4, what: "hashes" })).toBeUndefined();
  });

  it("is refused where it is given twice", () => {
    for (const read of [textFlag, (given: object, name: string) => wholeFlag({ ...given }, name, 4)]) {
      expect(refusal(() => read({ threads: ["1", "2"] }, "threads"))).toBe("--threads is given twice: once is enough");
    }
  });

  it("with a choice is one of its words", () => {
    const words = ["standard", "extended"] as const;
    expect(choiceFlag({ channel: "standard" }, "channel", words)).toBe("standard");
    expect(refusal(() => choiceFlag({ channel: "both" }, "channel", words))).toBe(
      '--channel is "both", but standard or extended is needed',
    );
  });

  it.each([
    ["1", 1],
    ["16", 16],
  ])("with a whole number may be %s", (text, value) => {
    expect(wholeFlag({ threads: text }, "threads", 16)).toBe(value);
  });

  it.each(["0", "17", "-1", "1.5", "1e1", "0x2", "", "abc", " 2", "99999999999999999999"])(
    "with a whole number up to 16 is refused as %j",
    (text) => {
      expect(refusal(() => wholeFlag({ threads: text }, "threads", 16))).toBe(
        `--threads is ${JSON.stringify(text)}, but a whole number from 1 to 16 is needed`,
      );
    },
  );

  it.each([
    ["5000000", 5e6],
    ["5e6", 5e6],
    ["1.5E+3", 1500],
    ["1e-3", 0.001],
    ["1e30", 1e30],
  ])("with a number may be %s", (text, value) => {
    expect(hashrateFlag({ hashrate: text })).toBe(value);
  });

  it.each(["0", "-5", "1.1e30", "Infinity", "NaN", "1.2.3", ".", "", "5M"])(
    "with a number is refused as %j",
    (text) => {
      expect(refusal(() => hashrateFlag({ hashrate: text }))).toBe(
        `--hashrate is ${JSON.stringify(text)}, but a number of hashes a second, such as 5000000 or 5e6, above 0 and up to 1e+30 is needed`,
      );
    },
  );
});

describe("A switch", () => {
  it.each(["--json", "--json=true", "--json=false", "--user=maybe", "maybe", "--jsonx=maybe"])(
    "is fine as it is in %s",
    (argument) => {
      checkSwitches([argument], ["json"]);
    },
  );

  it.each([
    ["--json=yes", "yes"],
    ["--json=", ""],
  ])("is refused as %s", (argument, value) => {
    expect(refusal(() => checkSwitches(["miner", argument], ["plaintext", "json"]))).toBe(
      `--json is ${JSON.stringify(value)}, but true or false, or the flag alone, is needed`,
    );
  });
});

describe("The miner's options", () => {
  const url = "stratum2+tcp://127.0.0.1:3334";

  it("are what the flags say", () => {
    const given = { channel: "standard", threads: "4", shares: "20", plaintext: true, hashrate: "5e6" };
    expect(minerOptions({ url, user: "alice.rig", ...given })).toEqual({
      url,
      user: "alice.rig",
      channel: "standard",
      threads: 4,
      shares: 20,
      plaintext: true,
      hashrate: 5e6,
    });
  });

  it("are encrypted, extended, one thread and no end where nothing else is said", () => {
    expect(minerOptions({ url, user: "alice" })).toEqual({
      url,
      user: "alice",
      channel: "extended",
      threads: 1,
      shares: undefined,
      plaintext: false,
      hashrate: undefined,
    });
  });

  it("need a URL", () => {
    expect(refusal(() => minerOptions({}))).toBe(
      "the pool's URL is missing: adit miner stratum2+tcp://HOST:PORT/KEY is needed",
    );
  });

  it("have a user of at most 255 bytes", () => {
    expect(minerOptions({ url, user: "x".repeat(255) }).user).toHaveLength(255);
    expect(refusal(() => minerOptions({ url, user: "é".repeat(128) }))).toBe(
      "--user has 256 bytes, but at most 255 are allowed",
    );
  });
});
