import { beforeEach, describe, expect, it } from "vitest";
import { targetOfDifficulty } from "../../src/bitcoin/target.ts";
import { toHex } from "../../src/core/bytes.ts";
import type { Channel } from "../../src/mining/channel.ts";
import type { MiningOptions } from "../../src/mining/pool-options.ts";
import { shareTarget } from "../../src/mining/share-target.ts";
import { MINING, PoolHarness } from "../session/session-fixture.ts";
import { A, B, NOW, Rig } from "./channel-rig.ts";

const ALICE = "bcrt1q6z64a43mjgkcq0ul2znwneq3spghrlau9slefp";
const POOL = new Uint8Array(22).fill(0x51);
const OTHER_POOL = new Uint8Array(22).fill(0x52);
const C = new Uint8Array(32).fill(0xcc);

const PAYOUT = { network: "regtest", poolScript: POOL, feePercent: 0 } as const;
const OPTIONS: MiningOptions = { ...MINING, payout: { ...PAYOUT, mode: "identity" } };
/** A target that no hash meets by chance: a share of other bytes than the pool's misses it. */
const HARD = targetOfDifficulty(1e-5);
const SUBSIDY = 312_500_000n;
/** With fees, and the next block's subsidy: so a tip that was waited for has two jobs. */
const FULL = { nextSubsidy: SUBSIDY, coinbaseValue: SUBSIDY + 5_000n, merklePath: [new Uint8Array(32).fill(7)] };

let rig: Rig;

beforeEach(() => {
  rig = new Rig(new PoolHarness(OPTIONS));
  rig.template({ ...FULL, height: 900_001, prevHash: A });
});

function reconfigure(payout: MiningOptions["payout"]): void {
  rig.harness.pool.reconfigure({ ...OPTIONS, payout }, NOW);
}

/** For each job that its client knows of the present tip, whether it pays that script. */
function pay({ channelId }: Channel, script: Uint8Array): boolean[] {
  return [...rig.view.channel(channelId).jobs.values()].map((job) => {
    if (job.kind !== "extended") throw new Error("the coinbase of a standard job is not seen");
    const output = toHex(new Uint8Array([script.length, ...script]));
    return toHex(job.message.coinbase_tx_suffix).includes(output);
  });
}

describe("a new payout, and then a tip that was waited for", () => {
  it.each([1, 2])("pays by every job of that tip: a group of %d", (members) => {
    const channels = Array.from({ length: members }, () => rig.open({ kind: "extended" }));
    // From here on several wait together with one job.
    rig.template({ ...FULL, height: 900_002, prevHash: B });
    reconfigure({ ...PAYOUT, mode: "identity", poolScript: OTHER_POOL });
    rig.template({ ...FULL, height: 900_003, prevHash: C });
    for (const channel of channels) {
      const paid = pay(channel, OTHER_POOL);
      expect(paid.length).toBeGreaterThan(0);
      expect(new Set(paid)).toEqual(new Set([true]));
      rig.connection.setTarget(channel, shareTarget(HARD));
    }
    // What is announced from that tip on is begun again, and pays the same.
    rig.template({ ...FULL, height: 900_004, prevHash: A });
    for (const channel of channels) {
      expect(pay(channel, OTHER_POOL), "the job that waited, and the full one").toEqual([true, true]);
      expect(rig.mine(channel, { meets: HARD })).toBe("accepted");
    }
  });

  it("gives work to a channel that came to a group which was announced its job before", () => {
    const channels = ["a", "b", ALICE].map((userIdentity) => rig.open({ kind: "extended", userIdentity }));
    // From here on the first two wait together with one job.
    rig.template({ ...FULL, height: 900_002, prevHash: B });
    reconfigure({ ...PAYOUT, mode: "pool" });
    expect(new Set(channels.map(({ groupChannelId }) => groupChannelId)).size).toBe(1);
    rig.template({ ...FULL, height: 900_003, prevHash: C });
    expect(rig.ended).toBeUndefined();
    for (const channel of channels) {
      const paid = pay(channel, POOL);
      expect(paid.length).toBeGreaterThan(0);
      expect(new Set(paid)).toEqual(new Set([true]));
      rig.connection.setTarget(channel, shareTarget(HARD));
    }
    rig.template({ ...FULL, height: 900_003, prevHash: C });
    for (const channel of channels) expect(rig.mine(channel, { meets: HARD })).toBe("accepted");
  });

  it("leaves no channel with the job that it was announced with the group it came from", () => {
    const channels = ["a", "b", ALICE].map((userIdentity) => rig.open({ kind: "extended", userIdentity }));
    rig.template({ ...FULL, height: 900_002, prevHash: B });
    // Back again before the tip: what each was announced first would do, but its client was told otherwise.
    reconfigure({ ...PAYOUT, mode: "pool" });
    reconfigure(OPTIONS.payout);
    rig.template({ ...FULL, height: 900_003, prevHash: C });
    expect(rig.ended).toBeUndefined();
    for (const [index, channel] of channels.entries()) {
      expect(new Set(pay(channel, POOL))).toEqual(new Set([index < 2]));
    }
  });
});
