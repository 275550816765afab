import { beforeEach, describe, expect, it } from "vitest";
import { targetOfDifficulty } from "../../src/bitcoin/target.ts";
import type { SessionEvent } from "../../src/session/session-events.ts";
import {
  CloseChannel,
  OpenExtendedMiningChannel,
  OpenMiningChannelError,
  OpenStandardMiningChannel,
  UpdateChannel,
  UpdateChannelError,
} from "../../src/wire/channel-messages.ts";
import { encodeFrame } from "../../src/wire/frame.ts";
import { SetCustomMiningJob } from "../../src/wire/job-messages.ts";
import type { ShareSubmission } from "../../src/wire/share-fields.ts";
import { SubmitSharesError, SubmitSharesExtended, SubmitSharesStandard } from "../../src/wire/share-messages.ts";
import { MinerView } from "../mining/miner-view.ts";
import {
  CUSTOM_JOB,
  EASIEST,
  HARD_BITS,
  OPEN,
  PoolHarness,
  read,
  SessionHarness,
  template,
} from "./session-fixture.ts";

/** What a restarted Bitaxe sends before its Open: a share of its last connection. */
const EARLY = {
  channel_id: 0,
  sequence_number: 3,
  job_id: 1,
  nonce: 5,
  ntime: 1_700_000_000,
  version: 0x20000000,
  extranonce: new Uint8Array(0),
};

let pool: PoolHarness;
let client: SessionHarness;
let view: MinerView;

beforeEach(() => {
  pool = PoolHarness.withWork();
  client = new SessionHarness(pool).setup();
  client.frames();
  view = new MinerView();
});

/** Opens a channel and says its id. */
function opened(kind: "standard" | "extended"): number {
  if (kind === "standard") client.send(OpenStandardMiningChannel, OPEN);
  else client.send(OpenExtendedMiningChannel, { ...OPEN, min_extranonce_size: 2 });
  for (const frame of client.frames()) view.see(frame);
  return [...view.channels.keys()].at(-1) ?? 0;
}

function submit(share: ShareSubmission, kind: "standard" | "extended"): void {
  const { channelId: channel_id, sequenceNumber: sequence_number, jobId: job_id, extranonce } = share;
  const { nonce, ntime, version } = share;
  const fields = { channel_id, sequence_number, job_id, nonce, ntime, version };
  if (kind === "standard") client.send(SubmitSharesStandard, fields);
  else client.send(SubmitSharesExtended, { ...fields, extranonce });
}

/** Submits a share, and lets the turn end. */
function judge(share: ShareSubmission, kind: "standard" | "extended"): void {
  submit(share, kind);
  pool.pool.flushShares();
}

function eventsOf(kind: SessionEvent["kind"]): readonly SessionEvent[] {
  return client.events.filter((event) => event.kind === kind);
}

describe("before its first Open is answered a connection hears nothing", () => {
  it("of shares: they are counted and reported", () => {
    client.send(SubmitSharesExtended, EARLY).send(SubmitSharesStandard, { ...EARLY, channel_id: 9 });
    expect(client.frames()).toEqual([]);
    expect(client.ended).toBeUndefined();
    expect(eventsOf("share-before-channel")).toEqual([
      { kind: "share-before-channel", channelId: 0 },
      { kind: "share-before-channel", channelId: 9 },
    ]);
    expect(pool.counted("adit_shares_before_channel_total")).toBe(2);
    expect(pool.counted("adit_shares_rejected_total", "invalid-channel-id")).toBe(0);
  });

  it("of an update of a channel that it does not have, nor of a job of its own, nor of a close", () => {
    client.send(UpdateChannel, { channel_id: 1, nominal_hash_rate: 1, maximum_target: EASIEST });
    client.send(SetCustomMiningJob, CUSTOM_JOB).send(CloseChannel, { channel_id: 1, reason_code: "" });
    expect(client.frames()).toEqual([]);
    expect(client.ended).toBeUndefined();
  });

  it("of new templates and signs of life", () => {
    pool.pool.setTemplate(template({ prevHash: new Uint8Array(32).fill(2) }));
    pool.pool.setTemplate(template({ prevHash: new Uint8Array(32).fill(2) }));
    client.session.channels?.keepAlive();
    pool.pool.retarget({ wallMs: 0, monotonicMs: 1e9 });
    expect(client.frames()).toEqual([]);
  });

  it("and while the Open waits for work", () => {
    pool.pool.suspendWork();
    client.send(OpenStandardMiningChannel, OPEN).send(SubmitSharesExtended, EARLY);
    client.send(UpdateChannel, { channel_id: 1, nominal_hash_rate: 1, maximum_target: EASIEST });
    expect(client.frames()).toEqual([]);
    pool.pool.setTemplate(template({ bits: HARD_BITS }));
    expect(client.frames().map(({ header }) => header.msgType)).toEqual([0x11, 0x15, 0x20]);
  });
});

describe("once an Open was refused", () => {
  beforeEach(() => {
    client.send(OpenStandardMiningChannel, { ...OPEN, nominal_hash_rate: -1 });
    read(client.frames()[0], OpenMiningChannelError);
  });

  it("an update is answered", () => {
    client.send(UpdateChannel, { channel_id: 1, nominal_hash_rate: 1, maximum_target: EASIEST });
    expect(read(client.frames()[0], UpdateChannelError).error_code).toBe("invalid-channel-id");
  });

  it("a share is not, since no channel was open", () => {
    client.send(SubmitSharesExtended, EARLY);
    expect(client.frames()).toEqual([]);
  });
});

describe("a share of an unknown channel", () => {
  it("is answered at once where a channel was open, and counted", () => {
    const channel_id = opened("standard");
    client.send(CloseChannel, { channel_id, reason_code: "" });
    client.send(SubmitSharesStandard, { ...EARLY, channel_id });
    const [frame, more] = client.frames();
    expect(read(frame, SubmitSharesError)).toEqual({
      channel_id,
      sequence_number: 3,
      error_code: "invalid-channel-id",
    });
    expect(frame?.header.channelMsg).toBe(true);
    expect(more).toBeUndefined();
    expect(pool.counted("adit_shares_rejected_total", "invalid-channel-id")).toBe(1);
    expect(pool.counted("adit_shares_before_channel_total")).toBe(0);
  });

  it("is one that names a group", () => {
    const { groupId } = view.channel(opened("standard"));
    client.send(SubmitSharesStandard, { ...EARLY, channel_id: groupId });
    expect(read(client.frames()[0], SubmitSharesError).error_code).toBe("invalid-channel-id");
  });
});

describe.each(["standard", "extended"] as const)("a %s channel's shares", (kind) => {
  it("are accepted where they meet the target, over the bytes that were sent", () => {
    const share = view.share(opened(kind), { meets: targetOfDifficulty(1e-6), version: 0x20000000 | 0x1fffe000 });
    judge(share, kind);
    expect(pool.outcomes).toEqual(["c1:2 accepted"]);
  });

  it("may begin with any sequence number, and have gaps", () => {
    const share = view.share(opened(kind));
    for (const [index, sequenceNumber] of [700, 0, 3, 0xffffffff].entries()) {
      judge({ ...share, sequenceNumber, nonce: share.nonce + index }, kind);
    }
    expect(pool.outcomes).toEqual(Array.from({ length: 4 }, () => "c1:2 accepted"));
  });

  it("give their block, and count, even where the connection ends in the same turn", () => {
    pool.pool.setTemplate(template({ prevHash: new Uint8Array(32).fill(9) }));
    const share = view.share(opened(kind), { meets: targetOfDifficulty(1e-9) });
    submit(share, kind);
    client.session.end("peer-closed");
    pool.pool.flushShares();
    expect(pool.blocks).toHaveLength(1);
    expect(pool.outcomes).toHaveLength(1);
    expect(pool.outcomes[0]).toMatch(/ accepted block$/);
    expect(pool.pool.openChannels).toBe(0);
  });

  it("end the connection where their fields do not fit the frame", () => {
    opened(kind);
    const definition = kind === "standard" ? SubmitSharesStandard : SubmitSharesExtended;
    const frame = encodeFrame(definition, EARLY).subarray(0, 20);
    frame[3] = 14;
    client.receive(frame);
    expect(client.ended).toBe("protocol:malformed-share");
  });
});

describe("a share of the other kind", () => {
  it("has no extranonce, or one too many", () => {
    const extended = view.share(opened("extended"));
    judge(extended, "standard");
    expect(pool.outcomes.at(-1)).toMatch(/bad-extranonce-size$/);
    const standard = view.share(opened("standard"));
    judge({ ...standard, extranonce: new Uint8Array(8) }, "extended");
    expect(pool.outcomes.at(-1)).toMatch(/bad-extranonce-size$/);
    judge(standard, "extended");
    expect(pool.outcomes.at(-1), "without one it is the same share").toMatch(/accepted$/);
  });
});

describe("more shares than can be taken", () => {
  it("end the connection, and no other", () => {
    const share = view.share(opened("standard"));
    const other = new SessionHarness(pool, { connectionId: "c2" }).setup();
    pool.pool.addShare = () => false;
    judge(share, "standard");
    expect(client.ended).toBe("share-queue-full");
    expect(other.ended).toBeUndefined();
  });
});

describe("a Bitaxe", () => {
  it.each([
    ["standard", 1],
    ["extended", 0],
  ] as const)("that comes back to a %s channel over Noise is served as it wants it", (kind, flags) => {
    client = new SessionHarness(pool, { plaintextAllowed: false }).shakeHands().setup({ flags, vendor: "bitaxe" });
    client.frames();
    client.send(SubmitSharesExtended, EARLY);
    const open = { ...OPEN, request_id: 1, nominal_hash_rate: 1e12 };
    if (kind === "standard") client.send(OpenStandardMiningChannel, open);
    else client.send(OpenExtendedMiningChannel, { ...open, min_extranonce_size: 2 });
    const frames = client.frames();
    const types = kind === "standard" ? [0x11, 0x15, 0x20] : [0x14, 0x1f, 0x20];
    expect(frames.map(({ header }) => header.msgType)).toEqual(types);
    for (const frame of frames) view.see(frame);
    const [channelId] = [...view.channels.keys()];
    const share = view.share(channelId ?? 0, { version: 0x20000000 | 0x1fffe000, sequenceNumber: 0 });
    // A hash that anyone finds is too easy for a terahash: it is rejected by name.
    judge(share, kind);
    expect(pool.outcomes).toEqual(["c1:2 0 difficulty-too-low"]);
    expect(client.ended).toBeUndefined();
  });
});
