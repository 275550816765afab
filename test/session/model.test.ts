import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { drawn } from "../support/drawn-cases.ts";
import { takeStep } from "./model-actions.ts";
import type { Setting } from "./model-connection.ts";
import type { Reached } from "./model-pool.ts";
import { type Step, step } from "./model-steps.ts";
import { ModelWalk } from "./model-walk.ts";

/** Noise in some connections only: its handshake takes as long as all else of a walk. */
const setting: fc.Arbitrary<Setting> = fc.record({
  noise: fc.constantFrom(false, false, false, false, false, false, false, false, false, true),
  requiresStandardJobs: fc.constantFrom(false, false, true),
  namesWorkers: fc.boolean(),
});

/** What walks have to come to, or they prove little. */
const REACHED = [
  "accepted",
  "accepted without credit",
  "block accepted",
  "block stale-share",
  "invalid-channel-id",
  "share before the first channel",
  "stale-share",
  "invalid-job-id",
  "bad-extranonce-size",
  "invalid-timestamp",
  "invalid-non-rollable-version-bit",
  "duplicate-share",
  "difficulty-too-low",
  "open legal",
  "open invalid-nominal-hashrate",
  "open max-target-out-of-range",
  "open min-extranonce-size-too-large",
  "open extended-channels-not-supported-for-standard-jobs",
  "open channel-capacity-exhausted",
  "open no-template-available",
  "open unknown-user",
  "payout pool",
  "payout solo",
  "payout identity",
  "regrouped",
  "channel closed",
  "end payout-changed",
  "extensions granted",
  "extensions refused",
  "worker accepted",
  "block of a worker",
  "worker stale-share",
  "worker difficulty-too-low",
  "invalid-user-identity",
  "update legal",
  "update invalid-channel-id",
  "update invalid-nominal-hashrate",
  "new prefix",
  "job announced ahead",
  "late member",
];

async function run(settings: readonly Setting[], steps: readonly Step[], reached: Reached): Promise<void> {
  const walk = new ModelWalk(settings, reached);
  await takeStep(walk, walk.newest);
  await walk.endTurn();
  for (const one of steps) {
    const goesOn = "more" in one;
    if (!goesOn) await walk.endTurn();
    await takeStep(walk, one);
    if (!goesOn || !one.more) await walk.endTurn();
  }
  await walk.closeAll();
}

/** Walks so many times. @returns what was come to, and how often. */
async function walks(parameters: { readonly seed: number; readonly numRuns: number }): Promise<Reached> {
  const reached: Reached = new Map();
  await fc.assert(
    fc.asyncProperty(
      fc.array(setting, { minLength: 1, maxLength: 3 }),
      fc.array(step, { maxLength: 120, size: "max" }),
      (settings, steps) => run(settings, steps, reached),
    ),
    parameters,
  );
  return reached;
}

describe("sessions whose clients do anything, legal or not", () => {
  it("keep the protocol's promises: each share is answered once and rightly, nothing goes to what is closed, nothing stays", async () => {
    await walks(drawn(200));
  });

  it("come to everything that the walks are for, with a seed that does not change", async () => {
    const reached = await walks({ seed: 22, numRuns: 200 });
    for (const what of REACHED) expect(reached.get(what) ?? 0, what).toBeGreaterThan(0);
  });
});
