import { describe, expect, it } from "vitest";
import { NewExtendedMiningJob, NewMiningJob, SetNewPrevHash } from "../../src/wire/job-messages.ts";
import { PoolHarness, type ReceivedFrame } from "../session/session-fixture.ts";
import { SteeredValidator } from "../support/steered-validator.ts";
import { A, B, NTIME, Rig } from "./channel-rig.ts";

const SUBSIDY = 312_500_000n;
const MANY = { maxChannels: 10_000, maxChannelsPerConnection: 10_000 };
const NEXT_BLOCK = { prevHash: B, height: 900_002, nextSubsidy: SUBSIDY };

/** Counts the calls for merkle roots, each by how many roots it gave. */
class CountingValidator extends SteeredValidator {
  readonly batches: number[] = [];

  override merkleRoots(...[handle, extranonces, size]: Parameters<SteeredValidator["merkleRoots"]>): Uint8Array {
    this.batches.push(extranonces.length / size);
    return super.merkleRoots(handle, extranonces, size);
  }
}

function counts(frames: readonly ReceivedFrame[]): { extended: number; standard: number; prevHash: number } {
  const of = ({ msgType }: { readonly msgType: number }): number =>
    frames.filter(({ header }) => header.msgType === msgType).length;
  return { extended: of(NewExtendedMiningJob), standard: of(NewMiningJob), prevHash: of(SetNewPrevHash) };
}

function rigOf(members: number): Rig {
  const rig = new Rig(new PoolHarness(MANY));
  rig.template({ prevHash: A, nextSubsidy: SUBSIDY });
  for (let member = 0; member < members; member += 1) rig.open({ kind: member % 2 === 0 ? "extended" : "standard" });
  rig.frames();
  return rig;
}

describe("a group's broadcast", () => {
  it("is one job for a thousand channels, and one SetNewPrevHash for a new tip", () => {
    const rig = rigOf(1_000);
    rig.template({ prevHash: A, curTime: NTIME + 30, nextSubsidy: SUBSIDY });
    expect(counts(rig.frames()), "a refresh").toEqual({ extended: 1, standard: 0, prevHash: 0 });
    rig.template({ ...NEXT_BLOCK, coinbaseValue: SUBSIDY + 1n });
    const newTip = counts(rig.frames());
    expect(newTip.prevHash).toBe(1);
    const small = rigOf(2);
    small.template({ prevHash: A, curTime: NTIME + 30, nextSubsidy: SUBSIDY });
    small.frames();
    small.template({ ...NEXT_BLOCK, coinbaseValue: SUBSIDY + 1n });
    expect(newTip, "as many as for two channels").toEqual(counts(small.frames()));
    for (const channel of [...rig.connection.channels()].slice(0, 40)) expect(rig.mine(channel)).toBe("accepted");
  });

  it("is one for each extranonce size of a connection that mixes sizes and kinds, and each channel's shares count", () => {
    const rig = new Rig(new PoolHarness(MANY));
    const sizes = [8, 11, 16];
    const channels = sizes.flatMap((minExtranonceSize) =>
      [1, 2, 3].map(() => rig.open({ kind: "extended", minExtranonceSize })),
    );
    channels.push(rig.open(), rig.open());
    rig.frames();
    rig.template({ prevHash: A, curTime: NTIME + 30 });
    expect(counts(rig.frames())).toEqual({ extended: sizes.length, standard: 0, prevHash: 0 });
    rig.template({ prevHash: B });
    expect(counts(rig.frames())).toEqual({ extended: sizes.length, standard: 0, prevHash: sizes.length });
    expect(new Set(channels.map(({ extranonceBytes }) => extranonceBytes))).toEqual(new Set([16, 19, 24]));
    for (const channel of channels) {
      expect(rig.view.channel(channel.channelId).rollable).toBe(channel.rollableBytes);
      expect(rig.mine(channel)).toBe("accepted");
    }
  });
});

describe("the roots of standard channels", () => {
  it("are computed in one call for each template, over all connections", () => {
    const validator = new CountingValidator();
    const harness = new PoolHarness(MANY, { validator });
    const rigs = [1, 2, 3, 4].map((id) => new Rig(harness, { requiresStandardJobs: true, connectionId: `c${id}` }));
    for (const rig of rigs) for (let member = 0; member < 250; member += 1) rig.open();
    for (const rig of rigs) rig.frames();
    validator.batches.length = 0;
    for (const fields of [{ curTime: NTIME + 30 }, { prevHash: B }, { prevHash: B, version: 0x20000004 }]) {
      rigs[0]?.template(fields);
      expect(validator.batches.splice(0)).toEqual([1_000]);
      for (const rig of rigs) expect(counts(rig.frames()).standard).toBe(250);
    }
    for (const rig of rigs) {
      for (const channel of [...rig.connection.channels()].slice(-5)) expect(rig.mine(channel)).toBe("accepted");
    }
  });

  it("are not computed where a group's job serves, and no connection without channels is sent anything", () => {
    const validator = new CountingValidator();
    const harness = new PoolHarness(MANY, { validator });
    const empty = new Rig(harness, { connectionId: "c2" });
    const extended = new Rig(harness);
    for (let member = 0; member < 10; member += 1) extended.open({ kind: "extended" });
    validator.batches.length = 0;
    extended.template({ prevHash: B });
    expect(validator.batches).toEqual([]);
    expect(empty.frames()).toEqual([]);
  });
});
