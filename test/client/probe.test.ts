import { describe, expect, it } from "vitest";
import {
  CloseChannel,
  OpenExtendedMiningChannel,
  OpenMiningChannelError,
  OpenStandardMiningChannel,
  SetExtranoncePrefix,
  SetGroupChannel,
} from "../../src/wire/channel-messages.ts";
import {
  Reconnect,
  SetupConnection,
  SetupConnectionError,
  SetupConnectionSuccess,
} from "../../src/wire/common-messages.ts";
import { encodeFrame } from "../../src/wire/frame.ts";
import { NewExtendedMiningJob, NewMiningJob, SetTarget } from "../../src/wire/job-messages.ts";
import { decodeMessage } from "../../src/wire/message.ts";
import { EXTENDED_JOB, ProbeRig, STANDARD_JOB } from "./probe-rig.ts";

const NOTHING = new Uint8Array(0);

describe("a probe of a pool that is right", () => {
  it("does as a miner does, tells of each step with its time, and takes its leave", () => {
    const rig = new ProbeRig();
    rig
      .after(3)
      .connected()
      .after(5)
      .bytes(encodeFrame(SetupConnectionSuccess, { used_version: 2, flags: 0 }));
    rig.after(7).opened().after(11).job().after(13.0001).tip();
    expect(rig.finished).toBe(1);
    expect(rig.done).toBeUndefined();
    rig.after(2).probe.ended(undefined, rig.now);
    expect(rig.done).toEqual({ error: undefined });
    const common = { ok: true, notes: [] };
    expect(rig.events).toEqual([
      { step: "connect", ...common, ms: 3, address: "10.0.0.1", port: 3334 },
      { step: "setup", ...common, ms: 5, usedVersion: 2, flags: 0 },
      {
        step: "channel",
        ...common,
        ms: 7,
        channel: "extended",
        channelId: 5,
        groupChannelId: 4,
        difficulty: 1,
        extranoncePrefix: "01020304",
        extranonceSize: 8,
      },
      {
        step: "job",
        ...common,
        ms: 24,
        jobId: 9,
        sentTo: "channel",
        version: "20000000",
        versionRollingAllowed: true,
        prevHash: "1f1e1d1c1b1a191817161514131211100f0e0d0c0b0a09080706050403020100",
        nbits: "1d00ffff",
        networkDifficulty: 1,
        minNtime: 1_699_999_990,
        minNtimeAheadSeconds: -10,
        frameBytes: 6 + 4 + 4 + 1 + 4 + 1 + 65 + 2 + 47 + 2 + 19,
        coinbase: { height: 900_001, bytes: 78, outputs: 1, value: "5", merkleBranches: 2 },
      },
      { step: "close", ...common, ms: 2 },
    ]);
    const [setup, open, close, more] = rig.messages();
    expect(decodeMessage(SetupConnection, setup?.payload ?? NOTHING).message).toMatchObject({
      protocol: 0,
      flags: 0,
      endpoint_host: "pool.example",
      endpoint_port: 3334,
      vendor: "adit",
    });
    expect(decodeMessage(OpenExtendedMiningChannel, open?.payload ?? NOTHING).message).toMatchObject({
      user_identity: new TextEncoder().encode("alice"),
      nominal_hash_rate: 2 ** 40,
    });
    expect(close?.msgType).toBe(CloseChannel.msgType);
    expect(decodeMessage(CloseChannel, close?.payload ?? NOTHING).message.channel_id).toBe(5);
    expect(more).toBeUndefined();
  });

  it("opens a standard channel where that is wanted", () => {
    const rig = new ProbeRig({ kind: "standard" }).setUp().opened().job().tip();
    const [setup, open] = rig.messages();
    expect(decodeMessage(SetupConnection, setup?.payload ?? NOTHING).message.flags).toBe(1);
    expect(open?.msgType).toBe(OpenStandardMiningChannel.msgType);
    expect(rig.facts("channel")).toMatchObject({ channel: "standard", extranonceSize: 0 });
    expect(rig.facts("job")).toMatchObject({ jobId: 9, versionRollingAllowed: true, frameBytes: 51 });
    expect(rig.facts("job")).not.toHaveProperty("coinbase");
  });

  it("takes jobs that are sent to the channel's group, and the one of several that is started", () => {
    const group = { channel_id: 4 };
    const rig = new ProbeRig()
      .setUp()
      .opened()
      .job({ ...group, job_id: 8, version: 1 })
      .job(group)
      .job({ job_id: 10 });
    expect(rig.tip(group).facts("job")).toMatchObject({ jobId: 9, sentTo: "group", version: "20000000" });
  });

  it("minds nothing that a pool may say between, nor what it does not know", () => {
    const rig = new ProbeRig().setUp();
    rig.bytes(new Uint8Array([0, 0, 0x7e, 1, 0, 0, 0])).bytes(new Uint8Array([5, 0, 0x01, 1, 0, 0, 0]));
    rig.opened().say(SetTarget, { channel_id: 5, maximum_target: new Uint8Array(32) });
    rig.say(SetGroupChannel, { group_channel_id: 4, channel_ids: [5] });
    rig
      .say(SetExtranoncePrefix, { channel_id: 5, extranonce_prefix: new Uint8Array(4) })
      .job()
      .tip();
    expect(rig.facts("job")).toBeDefined();
  });

  it("is right as well where the pool goes on after that, and does not close its side in time", () => {
    const rig = new ProbeRig().setUp().opened().job().tip().say(CloseChannel, { channel_id: 5, reason_code: "bye" });
    rig.say(Reconnect, { new_host: "", new_port: 0 }).after(7_000);
    rig.probe.timedOut(rig.now);
    expect(rig.done).toEqual({ error: undefined });
    rig.probe.ended(new Error("ECONNRESET"), rig.now);
    expect(rig.finished).toBe(1);
  });
});

describe("a probe says what is wrong", () => {
  const CASES: readonly (readonly [string, (rig: ProbeRig) => ProbeRig, string])[] = [
    [
      "the setup is refused",
      (rig) => rig.connected().say(SetupConnectionError, { flags: 1, error_code: "unsupported-feature-flags" }),
      "setup: setup-refused: the pool refuses the connection with unsupported-feature-flags: try the other kind of --channel",
    ],
    [
      "another version is chosen",
      (rig) => rig.connected().say(SetupConnectionSuccess, { used_version: 3, flags: 0 }),
      "setup: unexpected-message: the pool broke the protocol: it chose version 3, which was not offered",
    ],
    [
      "something else answers the setup",
      (rig) => rig.connected().job(),
      "setup: unexpected-message: the pool broke the protocol: it sent NewExtendedMiningJob in place of an answer to SetupConnection",
    ],
    [
      "what nobody knows answers the setup",
      (rig) => rig.connected().bytes(new Uint8Array([0, 0, 0x7e, 0, 0, 0])),
      "it sent message 0x7e in place of an answer to SetupConnection",
    ],
    [
      "the channel is refused",
      (rig) => rig.setUp().say(OpenMiningChannelError, { request_id: 1, error_code: "unknown-user" }),
      "channel: open-refused: the pool refuses the channel with unknown-user: give --user as the pool wants it",
    ],
    [
      "a channel of the other kind is opened",
      (rig) => rig.setUp().bytes(new Uint8Array([0, 0, 0x11, 0, 0, 0])),
      "channel: unexpected-message: the pool broke the protocol: it opened a channel of another kind",
    ],
    ["another request is answered", (rig) => rig.setUp().opened({ request_id: 2 }), "it answered request 2"],
    ["no hash can meet the target", (rig) => rig.setUp().opened({ target: new Uint8Array(32) }), "a target of zero"],
    [
      "there is too little to roll",
      (rig) => rig.setUp().opened({ extranonce_size: 1 }),
      "it gave 1 bytes of extranonce where 2 were asked for",
    ],
    [
      "a job comes before the channel",
      (rig) => rig.setUp().job(),
      "channel: unexpected-message: the pool broke the protocol: it sent NewExtendedMiningJob before it opened the channel",
    ],
    [
      "a tip comes before the channel",
      (rig) => rig.setUp().tip(),
      "it sent SetNewPrevHash before it opened the channel",
    ],
    [
      "the tip comes before the job",
      (rig) => rig.setUp().opened().tip(),
      "job: unexpected-message: the pool broke the protocol: it sent SetNewPrevHash before the job that it starts",
    ],
    [
      "the tip starts a job that never came",
      (rig) => rig.setUp().opened().job().tip({ job_id: 77 }),
      "it sent SetNewPrevHash for job 77, which it never sent",
    ],
    [
      "a job is to be mined on before there is a tip",
      (rig) => rig.setUp().opened().job({ min_ntime: 5 }),
      "it sent a job to mine on at once before the channel's first SetNewPrevHash",
    ],
    [
      "a job is for another channel",
      (rig) => rig.setUp().opened().job({ channel_id: 6 }),
      "it sent NewExtendedMiningJob for channel 6, which is neither the channel nor its group",
    ],
    [
      "a tip is for another channel",
      (rig) => rig.setUp().opened().job().tip({ channel_id: 6 }),
      "it sent SetNewPrevHash for channel 6, which is neither the channel nor its group",
    ],
    [
      "a job is of the other kind",
      (rig) => rig.setUp().opened().say(NewMiningJob, STANDARD_JOB),
      "it sent a job of another kind than its channel",
    ],
    [
      "jobs come without end and none is started",
      (rig) => {
        rig.setUp().opened();
        for (let job_id = 0; job_id < 8; job_id += 1) rig.job({ job_id });
        if (rig.done !== undefined) throw new Error("eight are no fault");
        return rig.job({ job_id: 8 });
      },
      "it sent more than 8 jobs and no SetNewPrevHash that starts one",
    ],
    [
      "the coinbase is no transaction",
      (rig) =>
        rig
          .setUp()
          .opened()
          .job({ coinbase_tx_suffix: new Uint8Array(3) })
          .tip(),
      "job: unexpected-message: the pool broke the protocol: it sent a job whose coinbase is no transaction (",
    ],
    ["nbits are no target", (rig) => rig.setUp().opened().job().tip({ nbits: 0 }), "whose nbits are no target"],
    [
      "the channel is closed",
      (rig) => rig.setUp().opened().say(CloseChannel, { channel_id: 5, reason_code: "bye\u001b[2J" }),
      "job: connection-lost: the pool closed the channel with bye\\u{1b}[2J: ask the pool's operator what it means",
    ],
    [
      "miners are sent elsewhere",
      (rig) => rig.setUp().say(Reconnect, { new_host: "b.example", new_port: 3335 }),
      "channel: connection-lost: the pool sends its miners on to b.example:3335: probe that server",
    ],
    [
      "miners are sent to where they are",
      (rig) => rig.setUp().say(Reconnect, { new_host: "", new_port: 0 }),
      "the pool sends its miners to this one again",
    ],
    [
      "a message is cut",
      (rig) => rig.setUp().bytes(new Uint8Array([0, 0, 0x12, 2, 0, 0, 1, 0])),
      "channel: unexpected-message: pool.example:3334 broke the protocol (truncated-data)",
    ],
  ];

  it.each(CASES)("where %s", (_what, act, expected) => {
    const rig = act(new ProbeRig());
    expect(rig.failure).toContain(expected);
    const events = rig.events.length;
    // Nothing more is looked at, nor told.
    rig.bytes(encodeFrame(NewExtendedMiningJob, EXTENDED_JOB)).probe.timedOut(rig.now);
    rig.probe.ended(undefined, rig.now);
    expect(rig.events).toHaveLength(events);
  });
});
