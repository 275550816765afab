import { describe, expect, it, vi } from "vitest";
import { targetOfDifficulty } from "../../src/bitcoin/target.ts";
import { AditError } from "../../src/core/errors.ts";
import { NewExtendedMiningJob } from "../../src/wire/job-messages.ts";
import { PoolHarness, read, template } from "../session/session-fixture.ts";
import { SteeredValidator } from "../support/steered-validator.ts";
import { A, B, NOW, NTIME, Rig } from "./channel-rig.ts";

describe("a template", () => {
  it("goes to the largest hashrate first where the tip is new, and in order of connection otherwise", () => {
    const harness = new PoolHarness();
    const order: number[] = [];
    const rigs = [1e12, 9e12, 5e12].map((nominalHashrate, index) => {
      const rig = new Rig(harness);
      rig.open({ nominalHashrate });
      const see = rig.view.see.bind(rig.view);
      rig.view.see = (frame) => {
        if (order.at(-1) !== index) order.push(index);
        see(frame);
      };
      return rig;
    });
    rigs[0]?.template({ prevHash: B });
    expect(order.splice(0)).toEqual([1, 2, 0]);
    rigs[0]?.template({ prevHash: B });
    expect(order).toEqual([0, 1, 2]);
  });

  it("says whether the tip changed", () => {
    const rig = new Rig();
    expect(rig.template({ height: 900_002 })).toBe(false);
    expect(rig.template({ prevHash: B })).toBe(true);
    expect(rig.template({ prevHash: A })).toBe(true);
  });

  it("gives every standard channel the root of its own extranonce, computed in one batch for all connections", () => {
    const validator = new SteeredValidator();
    const batches: number[] = [];
    const merkleRoots = validator.merkleRoots.bind(validator);
    validator.merkleRoots = (handle, extranonces, size) => {
      batches.push(extranonces.length / size);
      return merkleRoots(handle, extranonces, size);
    };
    const harness = new PoolHarness({}, { validator });
    const rigs = [true, true, false].map(
      (requiresStandardJobs, index) => new Rig(harness, { requiresStandardJobs, connectionId: `c${index}` }),
    );
    const channels = rigs.flatMap((rig) => [rig.open(), rig.open()]);
    rigs[2]?.open({ kind: "extended", minExtranonceSize: 16 });
    batches.length = 0;
    rigs[0]?.template({ prevHash: B });
    expect(batches).toEqual([6]);
    for (const [index, channel] of channels.entries()) {
      expect(rigs[Math.floor(index / 2)]?.mine(channel), "the root is that of the channel").toBe("accepted");
    }
  });

  it("comes after the blocks among the shares that were gathered before it", () => {
    const harness = new PoolHarness();
    harness.pool.setTemplate(template({ prevHash: A }));
    const rig = new Rig(harness);
    const channel = rig.open();
    rig.frames();
    harness.pool.addShare(channel, rig.view.share(channel.channelId, { meets: targetOfDifficulty(1e-9) }), NOW);
    const sentBefore: number[] = [];
    harness.onBlockFound = () => sentBefore.push(rig.frames().length);
    rig.template({ prevHash: B });
    expect(sentBefore).toEqual([0]);
    expect(rig.frames()).toHaveLength(2);
  });

  it("takes a slot in the validator with the first share of an extended channel, and none before", () => {
    const validator = new SteeredValidator();
    const rig = new Rig(new PoolHarness({}, { validator }));
    const channels = [rig.open({ kind: "extended" }), rig.open({ kind: "extended" })];
    expect(validator.live.extended).toBe(0);
    for (const channel of channels) rig.mine(channel);
    expect(validator.live.extended, "both have jobs of the same bytes").toBe(1);
  });

  it("of which no job can be made is refused as a whole: no connection ends, and the work before goes on", () => {
    const rig = new Rig();
    const channel = rig.open();
    const other = rig.open({ kind: "extended", minExtranonceSize: 16 });
    const [before, late] = [rig.view.share(channel.channelId), rig.view.share(other.channelId)];
    rig.frames();
    const merklePath = Array.from({ length: 21 }, () => A);
    expect(() => rig.template({ prevHash: B, merklePath })).toThrow(AditError);
    expect(rig.frames()).toEqual([]);
    expect(rig.ended).toBeUndefined();
    expect(rig.judge(channel, before)).toBe("accepted");
    for (let refresh = 0; refresh < 15; refresh += 1) rig.template({ curTime: NTIME + refresh });
    expect(rig.judge(other, late), "its template was not pushed out by the one that was refused").toBe("accepted");
  });
});

describe("work", () => {
  it("is not given out while none stands on the node's tip, and is with the next template", () => {
    const rig = new Rig();
    rig.harness.pool.suspendWork();
    expect(rig.tryOpen()).toBe("no-template-available");
    rig.template();
    rig.open({ kind: "extended" });
    expect(read(rig.frames()[1], NewExtendedMiningJob).min_ntime).toBeUndefined();
  });

  it("is not there before the first template", () => {
    const harness = new PoolHarness();
    expect(harness.pool.template).toBeUndefined();
    const connection = harness.pool.connect({
      connectionId: "c1",
      requiresStandardJobs: false,
      sink: {
        send: () => undefined,
        end: () => undefined,
        workAvailable: () => undefined,
        channelClosed: () => undefined,
        targetChanged: () => undefined,
      },
    });
    const request = {
      kind: "standard",
      requestId: 1,
      userIdentity: "",
      nominalHashrate: 0,
      maxTarget: new Uint8Array(32).fill(1),
      minExtranonceSize: 0,
    } as const;
    expect(connection.open(request, { wallMs: 0, monotonicMs: 0 })).toBe("no-template-available");
    const first = template();
    harness.pool.setTemplate(first);
    expect(harness.pool.template).toBe(first);
  });
});

describe("a fault of ours in one connection", () => {
  it("ends that connection, and others get their job", () => {
    const rig = new Rig();
    const broken = new Rig(rig.harness);
    rig.open();
    broken.open();
    rig.frames();
    broken.view.see = () => {
      throw new Error("injected");
    };
    rig.template({ prevHash: B });
    expect(broken.ended).toBe("internal-error");
    expect(rig.ended).toBeUndefined();
    expect(rig.frames()).toHaveLength(2);
  });

  it("ends that connection, and others have their difficulty steered", () => {
    const harness = new PoolHarness({ vardiff: true });
    const [faulty, other] = [new Rig(harness), new Rig(harness, { connectionId: "c2" })];
    for (const rig of [faulty, other]) rig.open({ nominalHashrate: 1e12 });
    faulty.connection.retarget = () => {
      throw new Error("injected");
    };
    const retargeted = vi.spyOn(other.connection, "retarget");
    const now = { wallMs: 1_700_000_060_000, monotonicMs: 60_000 };
    harness.pool.retarget(now);
    expect(faulty.ended).toBe("internal-error");
    expect(retargeted).toHaveBeenCalledWith(now);
    expect(other.ended).toBeUndefined();
  });
});
