import { beforeEach, describe, expect, it } from "vitest";
import { targetToBytes } from "../../src/bitcoin/target.ts";
import {
  OpenExtendedMiningChannel,
  OpenMiningChannelError,
  OpenStandardMiningChannel,
  UpdateChannel,
} from "../../src/wire/channel-messages.ts";
import { SetupConnectionSuccess } from "../../src/wire/common-messages.ts";
import { NewExtendedMiningJob, NewMiningJob, SetNewPrevHash, SetTarget } from "../../src/wire/job-messages.ts";
import { MinerView } from "../mining/miner-view.ts";
import {
  EASIEST,
  HARD_BITS,
  OPEN,
  PoolHarness,
  type ReceivedFrame,
  read,
  SessionHarness,
  template,
} from "./session-fixture.ts";

const STANDARD_JOBS = 1 << 0;
const VERSION_ROLLING = 1 << 2;
const ALL_SUPPORTED = STANDARD_JOBS | VERSION_ROLLING;

let pool: PoolHarness;
let view: MinerView;

beforeEach(() => {
  pool = PoolHarness.withWork();
  view = new MinerView();
});

function connected(flags: number): SessionHarness {
  const client = new SessionHarness(pool).setup({ flags });
  expect(read(client.frames()[0], SetupConnectionSuccess)).toEqual({ used_version: 2, flags: 0 });
  return client;
}

/**
 * Opens two channels of the kind, and lets everything happen that makes a pool send something: a refreshed job, a new
 * tip, a harder and an easier target, a sign of life, a new difficulty. Says all frames.
 */
function everythingSent(client: SessionHarness, kind: "standard" | "extended"): ReceivedFrame[] {
  const frames: ReceivedFrame[] = [];
  const see = (): void => {
    for (const frame of client.frames()) {
      view.see(frame);
      frames.push(frame);
    }
  };
  for (let channel = 0; channel < 2; channel += 1) {
    if (kind === "standard") client.send(OpenStandardMiningChannel, OPEN);
    else client.send(OpenExtendedMiningChannel, { ...OPEN, min_extranonce_size: 8 });
  }
  see();
  const work = { bits: HARD_BITS, curTime: 1_700_000_030 };
  pool.pool.setTemplate(template(work));
  pool.pool.setTemplate(template({ ...work, prevHash: new Uint8Array(32).fill(2) }));
  const [channel_id = 0] = view.channels.keys();
  const harder = targetToBytes(1n << 220n);
  client.send(UpdateChannel, { channel_id, nominal_hash_rate: 0, maximum_target: harder });
  client.send(UpdateChannel, { channel_id, nominal_hash_rate: 0, maximum_target: EASIEST });
  client.session.channels?.keepAlive();
  see();
  return frames;
}

/** The channel or group that a frame is addressed to, where it carries work or a target. */
function addressOf(frame: ReceivedFrame): number | undefined {
  switch (frame.header.msgType) {
    case NewMiningJob.msgType:
      return read(frame, NewMiningJob).channel_id;
    case NewExtendedMiningJob.msgType:
      return read(frame, NewExtendedMiningJob).channel_id;
    case SetNewPrevHash.msgType:
      return read(frame, SetNewPrevHash).channel_id;
    case SetTarget.msgType:
      return read(frame, SetTarget).channel_id;
    default:
      return undefined;
  }
}

const hexOf = (frames: readonly ReceivedFrame[]): string[] =>
  [...new Set(frames.map(({ header }) => `0x${header.msgType.toString(16)}`))].sort();

const addressesOf = (frames: readonly ReceivedFrame[]): Set<number | undefined> =>
  new Set(frames.map(addressOf).filter((address) => address !== undefined));

describe.each([STANDARD_JOBS, ALL_SUPPORTED])("a connection that requires standard jobs, flags %d", (flags) => {
  it("is never sent an extended job, nor anything for a group", () => {
    const frames = everythingSent(connected(flags), "standard");
    expect(hexOf(frames)).toEqual(["0x11", "0x15", "0x20", "0x21"]);
    expect(addressesOf(frames)).toEqual(new Set(view.channels.keys()));
  });

  it("is refused extended channels, and lives on", () => {
    const client = connected(flags);
    client.send(OpenExtendedMiningChannel, { ...OPEN, min_extranonce_size: 8 });
    const [frame, more] = client.frames();
    expect(read(frame, OpenMiningChannelError)).toEqual({
      request_id: 7,
      error_code: "extended-channels-not-supported-for-standard-jobs",
    });
    expect(more).toBeUndefined();
    expect(everythingSent(client, "standard").length).toBeGreaterThan(6);
  });
});

describe.each([0, VERSION_ROLLING])("a connection that does not, flags %d", (flags) => {
  it.each(["standard", "extended"] as const)("hears of work by its group, with two %s channels", (kind) => {
    const frames = everythingSent(connected(flags), kind);
    const [channel] = view.channels.values();
    expect(addressesOf(frames)).toEqual(new Set([...view.channels.keys(), channel?.groupId]));
    expect(hexOf(frames)).not.toContain("0x25");
  });
});

describe("a connection that requires version rolling", () => {
  it.each(["standard", "extended"] as const)("is never sent a job without it: %s", (kind) => {
    const frames = everythingSent(connected(VERSION_ROLLING), kind);
    const jobs = frames.filter(({ header }) => header.msgType === NewExtendedMiningJob.msgType);
    expect(jobs.length).toBeGreaterThan(1);
    for (const job of jobs) expect(read(job, NewExtendedMiningJob).version_rolling_allowed).toBe(true);
  });

  it.each([
    ["standard", VERSION_ROLLING],
    ["standard", ALL_SUPPORTED],
    ["extended", VERSION_ROLLING],
  ] as const)("rolls every bit that may be rolled: %s, flags %d", (kind, flags) => {
    const client = connected(flags);
    everythingSent(client, kind);
    for (const channel of client.session.channels?.channels() ?? []) {
      const share = view.share(channel.channelId, { version: 0x20000000 | 0x1fffe000 });
      pool.pool.addShare(channel, share, client.now);
      pool.pool.flushShares();
      expect(pool.outcomes.at(-1)).toBe(`${channel.key} accepted`);
    }
    expect(pool.outcomes).toHaveLength(2);
  });
});
