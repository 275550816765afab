import { beforeEach, describe, expect, it } from "vitest";
import { targetToBytes } from "../../src/bitcoin/target.ts";
import {
  CloseChannel,
  OpenExtendedMiningChannel,
  OpenExtendedMiningChannelSuccess,
  OpenMiningChannelError,
  OpenStandardMiningChannel,
  OpenStandardMiningChannelSuccess,
} from "../../src/wire/channel-messages.ts";
import { encodeFrame } from "../../src/wire/frame.ts";
import { NewExtendedMiningJob, NewMiningJob, SetNewPrevHash } from "../../src/wire/job-messages.ts";
import { EASIEST, HARD_BITS, OPEN, PoolHarness, read, SessionHarness, template } from "./session-fixture.ts";

const OPEN_EXTENDED: OpenExtendedMiningChannel = { ...OPEN, min_extranonce_size: 2 };

let pool: PoolHarness;
let client: SessionHarness;

beforeEach(() => {
  pool = PoolHarness.withWork();
  client = new SessionHarness(pool).setup();
  client.frames();
});

describe("opening a channel", () => {
  it("is answered by Success, a future job and the prev_hash that names it, and nothing between or after", () => {
    const frames = client.send(OpenExtendedMiningChannel, OPEN_EXTENDED).frames();
    expect(frames).toHaveLength(3);
    const success = read(frames[0], OpenExtendedMiningChannelSuccess);
    expect(success).toMatchObject({ request_id: 7, extranonce_size: 8, target: EASIEST });
    expect(success.extranonce_prefix).toHaveLength(8);
    expect(success.channel_id).not.toBe(success.group_channel_id);
    const job = read(frames[1], NewExtendedMiningJob);
    expect(job).toMatchObject({ channel_id: success.channel_id, min_ntime: undefined, version_rolling_allowed: true });
    expect(read(frames[2], SetNewPrevHash)).toMatchObject({
      channel_id: success.channel_id,
      job_id: job.job_id,
      nbits: HARD_BITS,
      min_ntime: 1_700_000_000,
    });
    expect(frames.map(({ header }) => header.channelMsg)).toEqual([false, true, true]);
  });

  it.each([0, 1])("as a standard one, with flags %d, gives a standard job of its own", (flags) => {
    const other = new SessionHarness(pool).setup({ flags });
    other.frames();
    for (let channel = 0; channel < 2; channel += 1) {
      const frames = other.send(OpenStandardMiningChannel, OPEN).frames();
      expect(frames).toHaveLength(3);
      const success = read(frames[0], OpenStandardMiningChannelSuccess);
      expect(success.extranonce_prefix).toHaveLength(16);
      expect(read(frames[1], NewMiningJob)).toMatchObject({ channel_id: success.channel_id, min_ntime: undefined });
      expect(read(frames[2], SetNewPrevHash).channel_id).toBe(success.channel_id);
    }
  });

  it("is told with who opened what", () => {
    client.send(OpenExtendedMiningChannel, { ...OPEN_EXTENDED, nominal_hash_rate: 2 ** 32 });
    expect(client.events.at(-1)).toEqual({
      kind: "channel-opened",
      channelId: 2,
      channelKind: "extended",
      userIdentity: "alice",
      nominalHashrate: 2 ** 32,
      difficulty: expect.closeTo(5, 3),
    });
  });

  it("by a latency probe, without hashrate and with a target that nothing meets, succeeds", () => {
    const max_target = targetToBytes((1n << 64n) - 1n);
    const [frame] = client.send(OpenExtendedMiningChannel, { ...OPEN_EXTENDED, max_target }).frames();
    expect(read(frame, OpenExtendedMiningChannelSuccess).target).toEqual(max_target);
  });

  it.each([
    [0, 8],
    [2, 8],
    [6, 8],
    [8, 8],
    [9, 9],
    [16, 16],
  ])("with %d bytes of extranonce asked for gives %d", (asked, given) => {
    const [frame] = client.send(OpenExtendedMiningChannel, { ...OPEN, min_extranonce_size: asked }).frames();
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
    const frames = client.send(OpenExtendedMiningChannel, { ...OPEN, ...fields, min_extranonce_size }).frames();
    expect(frames).toHaveLength(1);
    expect(read(frames[0], OpenMiningChannelError)).toEqual({ request_id: 7, error_code });
    expect(frames[0]?.header.channelMsg).toBe(false);
    expect(client.events.at(-1)).toEqual({
      kind: "channel-refused",
      channelKind: "extended",
      userIdentity: "alice",
      errorCode: error_code,
    });
    expect(client.send(OpenStandardMiningChannel, OPEN).frames()).toHaveLength(3);
  });

  it("as an extended one is refused where the connection takes standard jobs only", () => {
    const standard = new SessionHarness(pool).setup({ flags: 1 });
    standard.frames();
    const [frame] = standard.send(OpenExtendedMiningChannel, OPEN_EXTENDED).frames();
    expect(read(frame, OpenMiningChannelError).error_code).toBe("extended-channels-not-supported-for-standard-jobs");
  });

  it("is refused beyond the limit of a connection, and possible again after a close", () => {
    for (let channel = 0; channel < 10; channel += 1) client.send(OpenStandardMiningChannel, OPEN);
    const frames = client.frames();
    expect(frames).toHaveLength(30);
    const [error] = client.send(OpenStandardMiningChannel, OPEN).frames();
    expect(read(error, OpenMiningChannelError).error_code).toBe("channel-capacity-exhausted");
    const { channel_id } = read(frames[0], OpenStandardMiningChannelSuccess);
    client.send(CloseChannel, { channel_id, reason_code: "" }).send(OpenStandardMiningChannel, OPEN);
    const reopened = read(client.frames()[0], OpenStandardMiningChannelSuccess);
    expect(reopened.channel_id, "ids are never used twice").toBeGreaterThan(channel_id);
  });
});

describe("a request that finds no work on the tip", () => {
  beforeEach(() => pool.pool.suspendWork());

  it("waits for it, and then gets it in the usual order", () => {
    client.send(OpenStandardMiningChannel, OPEN).send(OpenStandardMiningChannel, { ...OPEN, request_id: 8 });
    expect(client.frames()).toEqual([]);
    pool.pool.setTemplate(template({ bits: HARD_BITS, prevHash: new Uint8Array(32).fill(2) }));
    const frames = client.frames();
    expect(frames).toHaveLength(6);
    expect(read(frames[0], OpenStandardMiningChannelSuccess).request_id).toBe(7);
    expect(read(frames[2], SetNewPrevHash).prev_hash).toEqual(new Uint8Array(32).fill(2));
    expect(read(frames[3], OpenStandardMiningChannelSuccess).request_id).toBe(8);
  });

  it("asks for the same when its frame's bytes are overwritten meanwhile", () => {
    const frame = encodeFrame(OpenStandardMiningChannel, { ...OPEN, max_target: new Uint8Array(32).fill(0x11) });
    client.receive(frame);
    frame.fill(0);
    pool.pool.setTemplate(template({ bits: HARD_BITS }));
    expect(read(client.frames()[0], OpenStandardMiningChannelSuccess)).toMatchObject({
      request_id: 7,
      target: new Uint8Array(32).fill(0x11),
    });
  });

  it("is refused where that takes longer than five seconds", () => {
    client.send(OpenStandardMiningChannel, OPEN).advance(1_000);
    client.send(OpenStandardMiningChannel, { ...OPEN, request_id: 8 }).advance(3_999);
    expect(client.frames()).toEqual([]);
    client.advance(1);
    const frames = client.frames();
    expect(frames, "each waits for itself").toHaveLength(1);
    expect(read(frames[0], OpenMiningChannelError)).toEqual({ request_id: 7, error_code: "no-template-available" });
    client.advance(1_000);
    expect(read(client.frames()[0], OpenMiningChannelError).request_id).toBe(8);
    pool.pool.setTemplate(template({ bits: HARD_BITS }));
    expect(client.frames()).toEqual([]);
  });

  it("is refused at once where too many wait already", () => {
    for (let request_id = 0; request_id < 64; request_id += 1)
      client.send(OpenStandardMiningChannel, { ...OPEN, request_id });
    expect(client.frames()).toEqual([]);
    const [error] = client.send(OpenStandardMiningChannel, { ...OPEN, request_id: 64 }).frames();
    expect(read(error, OpenMiningChannelError)).toEqual({ request_id: 64, error_code: "no-template-available" });
  });

  it("is refused at once for what is wrong in itself", () => {
    const [error] = client.send(OpenStandardMiningChannel, { ...OPEN, nominal_hash_rate: -1 }).frames();
    expect(read(error, OpenMiningChannelError).error_code).toBe("invalid-nominal-hashrate");
  });
});

describe("the identity of a channel", () => {
  it("is stored as text whatever its bytes are", () => {
    client.send(OpenStandardMiningChannel, { ...OPEN, user_identity: new Uint8Array([0x1b, 0x5b, 0xff]) });
    const [channel] = [...(client.session.channels?.channels() ?? [])];
    expect(channel?.userIdentity).toBe("0x1b5bff");
  });
});
