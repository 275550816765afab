import { beforeEach, describe, expect, it } from "vitest";
import { parseBlock } from "../../src/bitcoin/block.ts";
import { sha256d } from "../../src/bitcoin/hash.ts";
import { hashHeader, serializeHeader } from "../../src/bitcoin/header.ts";
import { merkleRoot } from "../../src/bitcoin/merkle.ts";
import { txidOf } from "../../src/bitcoin/transaction.ts";
import { concatBytes } from "../../src/core/bytes.ts";
import {
  CloseChannel,
  OpenExtendedMiningChannel,
  OpenExtendedMiningChannelSuccess,
  OpenMiningChannelError,
  OpenStandardMiningChannel,
  OpenStandardMiningChannelSuccess,
  UpdateChannel,
  UpdateChannelError,
} from "../../src/wire/channel-messages.ts";
import {
  ChannelEndpointChanged,
  SetupConnectionError,
  SetupConnectionSuccess,
} from "../../src/wire/common-messages.ts";
import { encodeFrame } from "../../src/wire/frame.ts";
import {
  NewExtendedMiningJob,
  NewMiningJob,
  SetCustomMiningJob,
  SetCustomMiningJobError,
  SetNewPrevHash,
  SetTarget,
} from "../../src/wire/job-messages.ts";
import { SubmitSharesError, SubmitSharesExtended, SubmitSharesStandard } from "../../src/wire/share-messages.ts";
import { HARD_BITS, PoolHarness, read, SessionHarness, template } from "./session-fixture.ts";

const EASIEST = new Uint8Array(32).fill(0xff);
const open = {
  request_id: 7,
  user_identity: new TextEncoder().encode("alice"),
  nominal_hash_rate: 0,
  max_target: EASIEST,
};

let pool: PoolHarness;
let client: SessionHarness;

beforeEach(() => {
  pool = new PoolHarness();
  pool.pool.setTemplate(template({ bits: HARD_BITS }));
  client = new SessionHarness(pool);
});

function names(): string[] {
  return client.frames().map(({ header }) => `0x${header.msgType.toString(16)}`);
}

describe("the setup", () => {
  it("is answered with version 2 and no flags", () => {
    expect(read(client.setup({ flags: 0b101 }).frames()[0], SetupConnectionSuccess)).toEqual({
      used_version: 2,
      flags: 0,
    });
    expect(client.events.map(({ kind }) => kind)).toEqual(["transport", "setup"]);
  });

  it.each([
    [{ protocol: 1 }, "unsupported-protocol", 0],
    [{ min_version: 3, max_version: 3 }, "protocol-version-mismatch", 0],
    [{ min_version: 1, max_version: 1 }, "protocol-version-mismatch", 0],
    [{ flags: 0b111 }, "unsupported-feature-flags", 0b010],
    [{ flags: 0xffffffff }, "unsupported-feature-flags", 0xfffffffa],
  ])("%j is refused, and the connection ends", (fields, error_code, flags) => {
    const [frame, more] = client.setup(fields).frames();
    expect(read(frame, SetupConnectionError)).toEqual({ error_code, flags });
    expect(more).toBeUndefined();
    expect(client.ended).toBe("setup-refused");
  });

  it("has to be first, and once", () => {
    client.send(OpenStandardMiningChannel, open);
    // In plaintext only SetupConnection is taken for plaintext: these bytes look like a handshake, and end as one.
    expect(client.frames().length === 0 || client.ended !== undefined).toBe(true);
    const other = new SessionHarness(pool).setup();
    other.setup();
    expect(other.ended).toBe("protocol:second-setup");
  });

  it("is the same whatever pieces its bytes come in", () => {
    const bytes = encodeFrame(OpenStandardMiningChannel, open);
    for (let cut = 1; cut < 40; cut += 1) {
      const session = new SessionHarness(pool);
      const setup = new SessionHarness(pool);
      void setup;
      session.setup();
      session.receive(bytes.slice(0, cut)).receive(bytes.slice(cut));
      expect(session.frames()).toHaveLength(4);
    }
  });

  it("in plaintext is refused where plaintext is not allowed", () => {
    const session = new SessionHarness(pool, { plaintextAllowed: false }).setup();
    expect(session.ended).toBe("plaintext-refused");
    expect(session.frames()).toEqual([]);
  });
});

describe("deadlines", () => {
  it("end a connection that says nothing after 10 s, and not before", () => {
    expect(client.advance(9_999).ended).toBeUndefined();
    expect(client.advance(1).ended).toBe("handshake-timeout");
  });

  it("end one that shakes hands and then says nothing after 10 s more", () => {
    client.advance(5_000).receive(new Uint8Array(64).fill(0x77));
    expect(client.session.takeOutput()[0]).toHaveLength(234);
    expect(client.advance(9_999).ended).toBeUndefined();
    expect(client.advance(1).ended).toBe("setup-timeout");
  });

  it("end one without a channel after a minute, and never one that has one", () => {
    client.setup();
    expect(client.advance(59_999).ended).toBeUndefined();
    client.send(OpenStandardMiningChannel, open);
    expect(client.advance(3_600_000).ended).toBeUndefined();
    const [channel] = [...(client.session.channels?.channels() ?? [])];
    client.send(CloseChannel, { channel_id: channel?.channelId ?? 0, reason_code: "bye" });
    expect(client.advance(59_999).ended).toBeUndefined();
    expect(client.advance(1).ended).toBe("no-channel-timeout");
  });
});

describe("opening a channel", () => {
  beforeEach(() => {
    client.setup().frames();
  });

  it("is answered by Success, a future job and the prev_hash that names it, and nothing between", () => {
    const frames = client.send(OpenExtendedMiningChannel, { ...open, min_extranonce_size: 2 }).frames();
    expect(frames).toHaveLength(3);
    const success = read(frames[0], OpenExtendedMiningChannelSuccess);
    expect(success).toMatchObject({ request_id: 7, extranonce_size: 8, target: EASIEST });
    expect(success.extranonce_prefix).toHaveLength(8);
    expect(success.channel_id).not.toBe(success.group_channel_id);
    const job = read(frames[1], NewExtendedMiningJob);
    expect(job).toMatchObject({ channel_id: success.channel_id, min_ntime: undefined, version_rolling_allowed: true });
    const prevHash = read(frames[2], SetNewPrevHash);
    expect(prevHash).toMatchObject({
      channel_id: success.channel_id,
      job_id: job.job_id,
      nbits: HARD_BITS,
      min_ntime: 1_700_000_000,
    });
    expect(frames.map(({ header }) => header.channelMsg)).toEqual([false, true, true]);
  });

  it("as a standard one gives a job of its own, whose root is that of its extranonce", () => {
    const frames = client.send(OpenStandardMiningChannel, open).frames();
    expect(frames).toHaveLength(3);
    const success = read(frames[0], OpenStandardMiningChannelSuccess);
    expect(success.extranonce_prefix).toHaveLength(16);
    expect(read(frames[1], NewMiningJob)).toMatchObject({ channel_id: success.channel_id, min_ntime: undefined });
    expect(read(frames[2], SetNewPrevHash).channel_id).toBe(success.channel_id);
  });

  it.each([
    [0, 8],
    [8, 8],
    [9, 9],
    [16, 16],
  ])("with %d bytes of extranonce asked for gives %d", (asked, given) => {
    const [frame] = client.send(OpenExtendedMiningChannel, { ...open, min_extranonce_size: asked }).frames();
    expect(read(frame, OpenExtendedMiningChannelSuccess).extranonce_size).toBe(given);
  });

  it.each([
    [{ nominal_hash_rate: -1 }, 2, "invalid-nominal-hashrate"],
    [{ nominal_hash_rate: Number.NaN }, 2, "invalid-nominal-hashrate"],
    [{ nominal_hash_rate: Number.POSITIVE_INFINITY }, 2, "invalid-nominal-hashrate"],
    [{ max_target: new Uint8Array(32) }, 2, "max-target-out-of-range"],
    [{}, 17, "min-extranonce-size-too-large"],
    [{}, 65_535, "min-extranonce-size-too-large"],
  ])("%j with %d bytes is refused, and the connection lives on", (fields, min_extranonce_size, error_code) => {
    const frames = client.send(OpenExtendedMiningChannel, { ...open, ...fields, min_extranonce_size }).frames();
    expect(frames).toHaveLength(1);
    expect(read(frames[0], OpenMiningChannelError)).toEqual({ request_id: 7, error_code });
    expect(client.send(OpenStandardMiningChannel, open).frames()).toHaveLength(3);
  });

  it("as an extended one is refused where the connection takes standard jobs only", () => {
    const standard = new SessionHarness(pool).setup({ flags: 1 });
    standard.frames();
    const [frame] = standard.send(OpenExtendedMiningChannel, { ...open, min_extranonce_size: 2 }).frames();
    expect(read(frame, OpenMiningChannelError).error_code).toBe("extended-channels-not-supported-for-standard-jobs");
  });

  it("is refused beyond the limit of a connection, and possible again after a close", () => {
    for (let channel = 0; channel < 10; channel += 1) client.send(OpenStandardMiningChannel, open);
    const frames = client.frames();
    expect(frames).toHaveLength(30);
    const [error] = client.send(OpenStandardMiningChannel, open).frames();
    expect(read(error, OpenMiningChannelError).error_code).toBe("channel-capacity-exhausted");
    const { channel_id } = read(frames[0], OpenStandardMiningChannelSuccess);
    client.send(CloseChannel, { channel_id, reason_code: "" }).send(OpenStandardMiningChannel, open);
    const reopened = read(client.frames()[0], OpenStandardMiningChannelSuccess);
    expect(reopened.channel_id, "ids are never used twice").toBeGreaterThan(channel_id);
  });

  it("waits for work that stands on the tip, and then gets it in the usual order", () => {
    pool.pool.suspendWork();
    client.send(OpenStandardMiningChannel, open).send(OpenStandardMiningChannel, { ...open, request_id: 8 });
    expect(client.frames()).toEqual([]);
    pool.pool.setTemplate(template({ bits: HARD_BITS, prevHash: new Uint8Array(32).fill(2) }));
    const frames = client.frames();
    expect(frames).toHaveLength(6);
    expect(read(frames[0], OpenStandardMiningChannelSuccess).request_id).toBe(7);
    expect(read(frames[2], SetNewPrevHash).prev_hash).toEqual(new Uint8Array(32).fill(2));
    expect(read(frames[3], OpenStandardMiningChannelSuccess).request_id).toBe(8);
  });

  it("is refused where that takes longer than five seconds", () => {
    pool.pool.suspendWork();
    client.send(OpenStandardMiningChannel, open).advance(4_999);
    expect(client.frames()).toEqual([]);
    client.advance(1);
    expect(read(client.frames()[0], OpenMiningChannelError).error_code).toBe("no-template-available");
    pool.pool.setTemplate(template({ bits: HARD_BITS }));
    expect(client.frames()).toEqual([]);
  });

  it("is refused at once where too many wait already", () => {
    pool.pool.suspendWork();
    for (let request_id = 0; request_id < 64; request_id += 1)
      client.send(OpenStandardMiningChannel, { ...open, request_id });
    expect(client.frames()).toEqual([]);
    const [error] = client.send(OpenStandardMiningChannel, { ...open, request_id: 64 }).frames();
    expect(read(error, OpenMiningChannelError)).toEqual({ request_id: 64, error_code: "no-template-available" });
  });
});

describe("work", () => {
  it("on a new tip is a future job and its prev_hash, on the same tip a job to mine on at once", () => {
    client
      .setup()
      .send(OpenExtendedMiningChannel, { ...open, min_extranonce_size: 2 })
      .frames();
    pool.pool.setTemplate(template({ bits: HARD_BITS, curTime: 1_700_000_030 }));
    const [refreshed, none] = client.frames();
    expect(read(refreshed, NewExtendedMiningJob).min_ntime).toBe(1_700_000_030);
    expect(none).toBeUndefined();
    pool.pool.setTemplate(template({ bits: HARD_BITS, prevHash: new Uint8Array(32).fill(2) }));
    const [future, prevHash] = client.frames();
    expect(read(future, NewExtendedMiningJob).min_ntime).toBeUndefined();
    expect(read(prevHash, SetNewPrevHash)).toMatchObject({
      job_id: read(future, NewExtendedMiningJob).job_id,
      prev_hash: new Uint8Array(32).fill(2),
    });
  });

  it("never goes back in time within a tip", () => {
    client
      .setup()
      .send(OpenExtendedMiningChannel, { ...open, min_extranonce_size: 2 })
      .frames();
    pool.pool.setTemplate(template({ bits: HARD_BITS, curTime: 1_600_000_000, minTime: 1_600_000_000 }));
    expect(read(client.frames()[0], NewExtendedMiningJob).min_ntime).toBe(1_700_000_000);
  });

  it("goes to a group of two in one frame, and to the only member under its own id", () => {
    client.setup().send(OpenExtendedMiningChannel, { ...open, min_extranonce_size: 2 });
    const first = read(client.frames()[1], OpenExtendedMiningChannelSuccess);
    pool.pool.setTemplate(template({ bits: HARD_BITS }));
    expect(read(client.frames()[0], NewExtendedMiningJob).channel_id).toBe(first.channel_id);
    client.send(OpenStandardMiningChannel, open).frames();
    pool.pool.setTemplate(template({ bits: HARD_BITS, prevHash: new Uint8Array(32).fill(3) }));
    const frames = client.frames();
    expect(frames).toHaveLength(2);
    expect(read(frames[0], NewExtendedMiningJob).channel_id).toBe(first.group_channel_id);
    expect(read(frames[1], SetNewPrevHash).channel_id).toBe(first.group_channel_id);
  });

  it("goes to each channel of its own where standard jobs are required", () => {
    client.setup({ flags: 1 }).send(OpenStandardMiningChannel, open).send(OpenStandardMiningChannel, open).frames();
    pool.pool.setTemplate(template({ bits: HARD_BITS }));
    const roots = client.frames().map((frame) => read(frame, NewMiningJob).merkle_root);
    expect(roots).toHaveLength(2);
    expect(roots[0]).not.toEqual(roots[1]);
  });
});

describe("a share", () => {
  const share = { sequence_number: 1, nonce: 5, ntime: 1_700_000_000, version: 0x20000000 };

  it("before the first channel is not answered, since firmware would take the answer for another", () => {
    client.setup().frames();
    client.send(SubmitSharesExtended, { ...share, channel_id: 0, job_id: 0, extranonce: new Uint8Array(0) });
    expect(client.frames()).toEqual([]);
    expect(client.ended).toBeUndefined();
    expect(client.events.at(-1)).toEqual({ kind: "share-before-channel", channelId: 0 });
  });

  it("of an unknown channel is answered once a channel was open", () => {
    client.setup().send(OpenStandardMiningChannel, open).frames();
    client.send(SubmitSharesStandard, { ...share, channel_id: 99, job_id: 1 });
    expect(read(client.frames()[0], SubmitSharesError)).toEqual({
      channel_id: 99,
      sequence_number: 1,
      error_code: "invalid-channel-id",
    });
  });

  it("that solves a block gives that block, over exactly the bytes that were sent to the channel", () => {
    pool.pool.setTemplate(template({ prevHash: new Uint8Array(32).fill(9) }));
    client.setup().send(OpenExtendedMiningChannel, { ...open, min_extranonce_size: 2 });
    const frames = client.frames();
    const { channel_id, extranonce_prefix } = read(frames[1], OpenExtendedMiningChannelSuccess);
    const job = read(frames[2], NewExtendedMiningJob);
    const extranonce = new Uint8Array(8).fill(0xe1);
    const version = (job.version | 0x1fffe000) >>> 0;
    const coinbase = concatBytes(job.coinbase_tx_prefix, extranonce_prefix, extranonce, job.coinbase_tx_suffix);
    const header = {
      version,
      prevHash: new Uint8Array(32).fill(9),
      merkleRoot: sha256d(coinbase),
      time: 1_700_000_100,
      bits: 0x207fffff,
    };
    let nonce = 0;
    while ((hashHeader({ ...header, nonce })[31] ?? 0) > 0x7f) nonce += 1;
    client.send(SubmitSharesExtended, {
      channel_id,
      sequence_number: 1,
      job_id: job.job_id,
      nonce,
      ntime: header.time,
      version,
      extranonce,
    });
    pool.pool.flushShares();
    expect(pool.blocks).toHaveLength(1);
    const [found] = pool.blocks;
    const block = parseBlock(found?.block ?? new Uint8Array(0));
    expect(serializeHeader(block.header)).toEqual(serializeHeader({ ...header, nonce }));
    expect(merkleRoot(block.transactions.map(txidOf))).toEqual(header.merkleRoot);
    expect(found?.hash).toEqual(hashHeader({ ...header, nonce }));
    expect(pool.outcomes).toEqual(["c1:2 accepted block"]);
  });

  it("of a channel that closed in the same turn still gives its block", () => {
    pool.pool.setTemplate(template({ prevHash: new Uint8Array(32).fill(9) }));
    client.setup().send(OpenStandardMiningChannel, open);
    const frames = client.frames();
    const { channel_id } = read(frames[1], OpenStandardMiningChannelSuccess);
    const job = read(frames[2], NewMiningJob);
    const header = {
      version: job.version,
      prevHash: new Uint8Array(32).fill(9),
      merkleRoot: job.merkle_root,
      time: 1_700_000_000,
      bits: 0x207fffff,
    };
    let nonce = 0;
    while ((hashHeader({ ...header, nonce })[31] ?? 0) > 0x7f) nonce += 1;
    const fields = {
      channel_id,
      sequence_number: 1,
      job_id: job.job_id,
      nonce,
      ntime: header.time,
      version: job.version,
    };
    client.send(SubmitSharesStandard, fields);
    client.session.end("peer-closed");
    pool.pool.flushShares();
    expect(pool.blocks).toHaveLength(1);
    expect(pool.pool.openChannels).toBe(0);
  });
});

describe("other messages", () => {
  beforeEach(() => {
    client.setup().send(OpenStandardMiningChannel, open).frames();
  });

  it("UpdateChannel is answered with the new target, or with the error", () => {
    const [channel] = [...(client.session.channels?.channels() ?? [])];
    const channel_id = channel?.channelId ?? 0;
    client.send(UpdateChannel, { channel_id, nominal_hash_rate: 2 ** 32, maximum_target: EASIEST });
    const target = read(client.frames()[0], SetTarget);
    expect(target.channel_id).toBe(channel_id);
    expect(channel?.target.difficulty).toBeCloseTo(5, 3);
    client.send(UpdateChannel, { channel_id: 77, nominal_hash_rate: 1, maximum_target: EASIEST });
    expect(read(client.frames()[0], UpdateChannelError).error_code).toBe("invalid-channel-id");
    client.send(UpdateChannel, { channel_id, nominal_hash_rate: -1, maximum_target: EASIEST });
    expect(read(client.frames()[0], UpdateChannelError).error_code).toBe("invalid-nominal-hashrate");
  });

  it("an easier target is followed by a job at once, a harder one is not", () => {
    const [channel] = [...(client.session.channels?.channels() ?? [])];
    const channel_id = channel?.channelId ?? 0;
    client.send(UpdateChannel, { channel_id, nominal_hash_rate: 2 ** 32, maximum_target: EASIEST });
    expect(names()).toEqual(["0x21"]);
    client.send(UpdateChannel, { channel_id, nominal_hash_rate: 2 ** 20, maximum_target: EASIEST });
    expect(names()).toEqual(["0x21", "0x15"]);
  });

  it("CloseChannel of a group closes all of its channels", () => {
    client.send(OpenStandardMiningChannel, open);
    const { group_channel_id } = read(client.frames()[0], OpenStandardMiningChannelSuccess);
    client.send(CloseChannel, { channel_id: group_channel_id, reason_code: "bye" });
    expect(client.session.channels?.size).toBe(0);
    expect(pool.pool.openChannels).toBe(0);
    expect(client.ended).toBeUndefined();
  });

  it("SetCustomMiningJob is refused", () => {
    client.send(SetCustomMiningJob, {
      channel_id: 2,
      request_id: 5,
      mining_job_token: new Uint8Array(1),
      version: 0,
      prev_hash: EASIEST,
      min_ntime: 0,
      nbits: 0,
      coinbase_tx_version: 2,
      coinbase_prefix: new Uint8Array(0),
      coinbase_tx_input_nSequence: 0,
      coinbase_tx_outputs: new Uint8Array(0),
      coinbase_tx_locktime: 0,
      merkle_path: [],
    });
    expect(read(client.frames()[0], SetCustomMiningJobError)).toEqual({
      channel_id: 2,
      request_id: 5,
      error_code: "jd-not-supported",
    });
  });

  it("ChannelEndpointChanged and unknown ones are ignored, and reported once", () => {
    client.send(ChannelEndpointChanged, { channel_id: 1 });
    const unknown = new Uint8Array([0, 0, 0x7e, 1, 0, 0, 9]);
    const extension = new Uint8Array([0x55, 0x40, 0x01, 0, 0, 0]);
    client.receive(unknown).receive(unknown).receive(extension);
    expect(client.frames()).toEqual([]);
    expect(client.ended).toBeUndefined();
    expect(client.events.filter(({ kind }) => kind === "unknown-message")).toHaveLength(2);
  });

  it.each([0x01, 0x02, 0x04, 0x11, 0x12, 0x14, 0x15, 0x17, 0x19, 0x1c, 0x1d, 0x1f, 0x20, 0x21, 0x23, 0x24, 0x25])(
    "0x%i, which only a server sends, ends the connection",
    (msgType) => {
      client.receive(new Uint8Array([0, 0, msgType, 0, 0, 0]));
      expect(client.ended).toBe("protocol:server-only-message");
      expect(client.frames()).toEqual([]);
    },
  );

  it("fields that do not fit their frame end the connection", () => {
    client.receive(new Uint8Array([0, 0x80, 0x1a, 3, 0, 0, 1, 2, 3]));
    expect(client.ended).toBe("protocol:malformed-share");
  });
});
