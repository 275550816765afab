import { describe, expect, it } from "vitest";
import { Output } from "../../src/app/output.ts";
import { PROBE_FLAGS, probe, probeOptions } from "../../src/app/probe.ts";
import { showStepAsJson, showStepAsText } from "../../src/app/probe-output.ts";
import type { ProbeEvent } from "../../src/client/probe-events.ts";
import { ManualClock } from "../support/manual-clock.ts";

const URL = "stratum2+tcp://pool.example:3334/9bXiEd8boQVhq7WddEcERUL5tyyJVFYdU8th3HfbNXK3Yw6GRXh";
const DEFAULTS = Object.fromEntries(PROBE_FLAGS.map((flag) => [flag.name, flag.default]));

describe("the flags of a probe", () => {
  it("are, where none is given, those of a miner that announces what a Bitaxe does", () => {
    const options = probeOptions({ ...DEFAULTS, url: URL });
    expect(options).toEqual({
      identity: {
        kind: "extended",
        host: "pool.example",
        port: 3334,
        vendor: "adit",
        firmware: "adit-probe",
        userIdentity: new TextEncoder().encode("adit-probe"),
        nominalHashrate: 1e12,
      },
      plaintext: false,
      authorityPublicKey: expect.any(Uint8Array),
      timeoutSeconds: 10,
    });
    expect(options.authorityPublicKey).toHaveLength(32);
  });

  it("have each its place", () => {
    const given = {
      url: "stratum2+tcp://[::1]:1",
      user: "bob.2",
      channel: "standard",
      hashrate: "5e6",
      timeout: "0.5",
    };
    expect(probeOptions({ ...given, plaintext: true })).toEqual({
      identity: {
        kind: "standard",
        host: "::1",
        port: 1,
        vendor: "adit",
        firmware: "adit-probe",
        userIdentity: new TextEncoder().encode("bob.2"),
        nominalHashrate: 5e6,
      },
      plaintext: true,
      authorityPublicKey: undefined,
      timeoutSeconds: 0.5,
    });
  });

  it.each([
    [{}, "the pool's URL is missing: adit probe stratum2+tcp://HOST:PORT/KEY is needed"],
    [{ url: "pool.example:3334" }, "is no pool URL"],
    [{ url: URL, channel: "group" }, '--channel is "group", but standard or extended is needed'],
    [{ url: URL, timeout: "0" }, '--timeout is "0", but a number of seconds above 0 and up to 3600 is needed'],
    [{ url: URL, timeout: "3601" }, '--timeout is "3601", but a number of seconds above 0 and up to 3600 is needed'],
    [{ url: URL, hashrate: "fast" }, '--hashrate is "fast"'],
    [{ url: URL, user: "x".repeat(256) }, "--user has 256 bytes, but at most 255 are allowed"],
  ])("%j are refused in one sentence, before anything is sent", async (given, message) => {
    const output = new Output({ write: () => true, on: () => undefined });
    await expect(probe(given, { output, clock: new ManualClock() })).rejects.toThrow(message);
  });
});

const CERTIFICATE = {
  version: 0,
  validFrom: "2023-11-14T21:13:20.000Z",
  notValidAfter: "2023-11-14T23:13:20.000Z",
  clockDriftSeconds: 0,
  secondsLeft: 3_600,
  signature: "valid",
} as const;

const JOB = {
  jobId: 9,
  sentTo: "group",
  version: "20000000",
  versionRollingAllowed: true,
  prevHash: "00ab",
  nbits: "1d00ffff",
  networkDifficulty: 123_456_789,
  minNtime: 1,
  minNtimeAheadSeconds: -10,
  frameBytes: 155,
} as const;

const done = { ok: true, ms: 3.456, notes: [] } as const;

const SHOWN: readonly (readonly [ProbeEvent, string])[] = [
  [{ ...done, step: "connect", address: "::1", port: 3334 }, "connect     ok          3.5 ms  [::1]:3334"],
  [{ ...done, step: "handshake" }, "handshake   ok          3.5 ms"],
  [
    { ...done, step: "certificate", ...CERTIFICATE },
    "certificate ok          3.5 ms  version 0, valid from 2023-11-14T21:13:20.000Z to 2023-11-14T23:13:20.000Z, this clock is inside, with 3600 s left, signature valid",
  ],
  [{ ...done, step: "setup", usedVersion: 2, flags: 1 }, "setup       ok          3.5 ms  version 2, flags 1"],
  [
    {
      ...done,
      step: "channel",
      channel: "extended",
      channelId: 5,
      groupChannelId: 4,
      difficulty: 1_164.13544,
      extranoncePrefix: "0102",
      extranonceSize: 8,
    },
    "channel     ok          3.5 ms  extended channel 5 of group 4, difficulty 1,164.14, extranonce 0102 and 8 bytes to roll",
  ],
  [
    { ...done, step: "job", ...JOB },
    "job         ok          3.5 ms  job 9 for the group, 155 bytes, version 20000000, min_ntime 10 s behind this clock, on 00ab, network difficulty 123,457,000",
  ],
  [
    {
      ...done,
      step: "job",
      ...JOB,
      versionRollingAllowed: false,
      minNtimeAheadSeconds: 2,
      coinbase: { height: 900_001, bytes: 78, outputs: 1, value: "5", merkleBranches: 2 },
    },
    "job         ok          3.5 ms  job 9 for the group, height 900001, 1 output of 5 sat together, 2 merkle branches, 155 bytes, version 20000000 fixed, min_ntime 2 s ahead of this clock, on 00ab, network difficulty 123,457,000",
  ],
  [
    {
      ...done,
      step: "job",
      ...JOB,
      coinbase: { height: undefined, bytes: 78, outputs: 2, value: "5", merkleBranches: 1 },
    },
    "job         ok          3.5 ms  job 9 for the group, height not said, 2 outputs of 5 sat together, 1 merkle branch, 155 bytes, version 20000000, min_ntime 10 s behind this clock, on 00ab, network difficulty 123,457,000",
  ],
  [{ ...done, step: "close" }, "close       ok          3.5 ms"],
  [{ step: "setup", ok: false, ms: 7_000, code: "c", error: "e" }, "setup       failed   7000.0 ms"],
  [
    {
      step: "certificate",
      ok: false,
      ms: 0,
      code: "certificate-expired",
      error: "e",
      certificate: { ...CERTIFICATE, clockDriftSeconds: 5, secondsLeft: -5, signature: "not-checked" },
    },
    "certificate failed      0.0 ms  version 0, valid from 2023-11-14T21:13:20.000Z to 2023-11-14T23:13:20.000Z, this clock is 5 s after that, signature not checked",
  ],
];

describe("a step is shown", () => {
  const printed = (show: typeof showStepAsText, event: ProbeEvent): string => {
    let text = "";
    const write = (piece: string): void => {
      text += piece;
    };
    show(event, new Output({ write, on: () => undefined }));
    return text;
  };

  it.each(SHOWN)("to people as a line: $step", (event, line) => {
    expect(printed(showStepAsText, event)).toBe(`${line}\n`);
  });

  it("with its notes, each on a line of its own", () => {
    const event = { ...done, step: "handshake", notes: ["one", "two"] } as const;
    expect(printed(showStepAsText, event)).toBe("handshake   ok          3.5 ms\n  note: one\n  note: two\n");
  });

  it("before its certificate's time as such", () => {
    const certificate = { ...CERTIFICATE, clockDriftSeconds: -9 };
    const event = { step: "certificate", ok: false, ms: 0, code: "c", error: "e", certificate } as const;
    expect(printed(showStepAsText, event)).toContain("this clock is 9 s before that");
  });

  it("to programs without a character that could change what a terminal shows", () => {
    const event = { step: "setup", ok: false, ms: 0, code: "c", error: "a\u009bb\u202e" } as const;
    expect(printed(showStepAsJson, event)).toContain('"error":"a\\u009bb\\u202e"');
  });

  it.each(SHOWN)("to programs as it is: $step", (event) => {
    expect(JSON.parse(printed(showStepAsJson, event))).toEqual(JSON.parse(JSON.stringify(event)));
  });
});
