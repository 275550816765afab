import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { targetOfDifficulty } from "../../src/bitcoin/target.ts";
import { shareTarget } from "../../src/mining/share-target.ts";
import { MINING, PoolHarness } from "../session/session-fixture.ts";
import { SteeredValidator } from "../support/steered-validator.ts";
import { NOW, NTIME, Rig } from "./channel-rig.ts";

/** Something that happens to a pool; `pick` chooses the channel. */
type Step =
  | { readonly kind: "open"; readonly channel: "standard" | "extended"; readonly size: number; readonly user: string }
  | {
      readonly kind: "template";
      readonly tip: number;
      readonly seconds: number;
      readonly height: number;
      readonly empty: boolean;
      readonly subsidy: bigint | undefined;
    }
  | { readonly kind: "target"; readonly pick: number; readonly difficulty: number }
  | { readonly kind: "reconfigure"; readonly mode: "pool" | "identity" | "solo"; readonly instanceId: number }
  | { readonly kind: "close"; readonly pick: number; readonly group: boolean }
  | { readonly kind: "share"; readonly pick: number; readonly older: number };

const pick = fc.nat({ max: 9 });
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constant("open" as const),
    channel: fc.constantFrom("standard" as const, "extended" as const),
    size: fc.constantFrom(0, 8, 11, 16),
    user: fc.constantFrom("alice", "bcrt1q6z64a43mjgkcq0ul2znwneq3spghrlau9slefp"),
  }),
  fc.record({
    kind: fc.constant("template" as const),
    tip: fc.nat({ max: 3 }),
    seconds: fc.integer({ min: -60, max: 60 }),
    height: fc.integer({ min: 900_001, max: 900_004 }),
    empty: fc.boolean(),
    subsidy: fc.constantFrom(undefined, 312_500_000n),
  }),
  fc.record({ kind: fc.constant("target" as const), pick, difficulty: fc.constantFrom(1e-9, 2e-9, 1e-8) }),
  fc.record({
    kind: fc.constant("reconfigure" as const),
    mode: fc.constantFrom("pool" as const, "identity" as const, "identity" as const, "solo" as const),
    instanceId: fc.constantFrom(1, 1, 2),
  }),
  fc.record({ kind: fc.constant("close" as const), pick, group: fc.boolean() }),
  fc.record({ kind: fc.constant("share" as const), pick, older: fc.nat({ max: 3 }) }),
);

/** Runs the steps on one connection. The strict client throws where a frame breaks a rule. @returns shares accepted. */
function walk(steps: readonly Step[], requiresStandardJobs: boolean): number {
  const validator = new SteeredValidator();
  const rig = new Rig(new PoolHarness({}, { validator }), { requiresStandardJobs });
  let accepted = 0;
  for (const [index, one] of steps.entries()) {
    const open = [...rig.connection.channels()];
    const channel = "pick" in one ? open[one.pick % Math.max(1, open.length)] : undefined;
    switch (one.kind) {
      case "open":
        rig.tryOpen({ kind: one.channel, minExtranonceSize: one.size, userIdentity: one.user });
        break;
      case "template":
        rig.template({
          prevHash: new Uint8Array(32).fill(one.tip),
          curTime: NTIME + one.seconds,
          minTime: 0,
          height: one.height,
          nextSubsidy: one.subsidy,
          merklePath: one.empty ? [] : [new Uint8Array(32).fill(7)],
          coinbaseValue: one.empty ? 312_500_000n : 312_600_000n,
        });
        break;
      case "target":
        if (channel !== undefined) {
          rig.connection.setTarget(channel, shareTarget(targetOfDifficulty(one.difficulty)));
        }
        break;
      case "reconfigure": {
        const { mode, instanceId } = one;
        rig.harness.pool.reconfigure({ ...MINING, payout: { ...MINING.payout, mode }, instanceId }, NOW);
        expect(rig.ended).toBe(open.length > 0 && rig.connection.size === 0 ? "payout-changed" : undefined);
        // The client comes back, on a connection that is as good as this one.
        rig.ended = undefined;
        break;
      }
      case "close":
        if (channel !== undefined) rig.close(one.group ? channel.groupChannelId : channel.channelId);
        break;
      case "share": {
        if (channel === undefined) break;
        const seen = rig.view.channel(channel.channelId);
        const known = [...seen.jobs.keys()].slice(-16);
        const jobId = known.at(-1 - Math.min(one.older, known.length - 1)) ?? seen.current;
        // Differs from all others, and meets whatever target its job has: the hardest of those above.
        const ntime = NTIME + 100 + index;
        const meets = targetOfDifficulty(1e-8);
        const share = rig.view.share(channel.channelId, { jobId, ntime, meets });
        expect(rig.judge(channel, share, { ...NOW, wallMs: NOW.wallMs + 1e6 })).toBe("accepted");
        accepted += 1;
      }
    }
    expect(rig.fault).toBeUndefined();
    expect(rig.view.channels.size).toBe(rig.connection.size);
    expect(rig.harness.pool.openChannels).toBe(rig.connection.size);
  }
  rig.harness.pool.disconnect(rig.connection);
  expect(validator.live.standard, "all is given back").toBe(0);
  expect(rig.harness.pool.openChannels).toBe(0);
  return accepted;
}

describe.each([true, false])("a connection, standard jobs required: %s", (requiresStandardJobs) => {
  it("is told of its channels, jobs and tips so that the strictest client can follow, whatever happens", () => {
    let accepted = 0;
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60, size: "max" }), (steps) => {
        accepted += walk(steps, requiresStandardJobs);
      }),
      { numRuns: 120 },
    );
    expect(accepted, "shares were among what happened").toBeGreaterThan(100);
  });
});
