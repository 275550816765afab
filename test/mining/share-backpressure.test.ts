import { beforeEach, describe, expect, it } from "vitest";
import { targetOfDifficulty } from "../../src/bitcoin/target.ts";
import { template } from "../session/session-fixture.ts";
import { within } from "../support/wait.ts";
import { A, NOW } from "./channel-rig.ts";
import { PipelineRig, RUN } from "./pipeline-rig.ts";

const WAITING_RUNS = 64;

let rig: PipelineRig;

beforeEach(() => {
  rig = new PipelineRig();
});

describe("a validator that has no room", () => {
  it("stops the reading once, and lets it go on when all that waited is handed over", () => {
    rig.validator.refusing = true;
    rig.add(1);
    rig.flush();
    rig.add(2);
    rig.flush();
    expect(rig.harness.backpressure).toEqual(["senders"]);
    rig.validator.drain();
    expect(rig.harness.backpressure).toEqual(["senders", "none"]);
    expect(rig.outcomes()).toEqual(["1 invalid-job-id", "2 invalid-job-id"]);
    rig.add(3);
    rig.flush();
    expect(rig.harness.backpressure, "an ordinary flush says nothing").toEqual(["senders", "none"]);
    rig.validator.drain();
    expect(rig.harness.backpressure, "nor does room that nobody waited for").toEqual(["senders", "none"]);
  });

  it("stops the reading from everybody once half of the runs wait, and not before", () => {
    rig.validator.refusing = true;
    for (let run = 1; run < WAITING_RUNS / 2; run += 1) {
      rig.add(run);
      rig.flush();
    }
    expect(rig.harness.backpressure).toEqual(["senders"]);
    for (let run = 0; run < 2; run += 1) {
      rig.add(WAITING_RUNS + run);
      rig.flush();
    }
    expect(rig.harness.backpressure).toEqual(["senders", "everybody"]);
  });

  it("leaves nothing unsettled once it has taken what waited", async () => {
    rig.validator.refusing = true;
    rig.add(1);
    rig.flush();
    const settled = rig.harness.pool.settled();
    rig.validator.drain();
    await within(settled, "all shares are settled");
    expect(rig.outcomes()).toEqual(["1 invalid-job-id"]);
  });

  it("gets a later run after the one that waits, even where it would take it at once", () => {
    rig.validator.refusing = true;
    rig.add(1);
    rig.flush();
    rig.validator.refusing = false;
    rig.add(2);
    rig.flush();
    expect(rig.outcomes()).toEqual([]);
    rig.validator.drain();
    expect(rig.outcomes()).toEqual(["1 invalid-job-id", "2 invalid-job-id"]);
  });

  it("that fills up again while it is drained keeps the rest waiting", () => {
    rig.validator.refusing = true;
    for (let share = 1; share <= 3; share += 1) {
      rig.add(share);
      rig.flush();
    }
    rig.harness.onRejected = (...[, { sequenceNumber }]): void => {
      rig.harness.outcomes.push(`${rig.channel.key} ${sequenceNumber}`);
      rig.validator.refusing = true;
    };
    rig.validator.drain();
    expect(rig.outcomes()).toEqual(["1"]);
    expect(rig.harness.backpressure).toEqual(["senders"]);
    rig.validator.drain();
    rig.validator.drain();
    expect(rig.outcomes()).toEqual(["1", "2", "3"]);
    expect(rig.harness.backpressure).toEqual(["senders", "none"]);
  });

  it("lets 64 runs wait, fills one more, and takes no share after that", () => {
    rig.validator.refusing = true;
    let taken = 0;
    while (taken <= (WAITING_RUNS + 2) * RUN && rig.add(taken + 1)) taken += 1;
    expect(taken).toBe((WAITING_RUNS + 1) * RUN);
    expect(rig.harness.backpressure).toEqual(["senders", "everybody"]);
    rig.validator.drain();
    expect(rig.harness.backpressure).toEqual(["senders", "everybody", "none"]);
    rig.flush();
    expect(rig.harness.outcomes).toHaveLength(taken);
    expect(rig.add(taken + 1), "there is room again").toBe(true);
  });

  it("keeps a job until the shares that were taken before its release are handed over, for a closed channel too", () => {
    rig.harness.pool.setTemplate(template({ prevHash: A }));
    const block = rig.view.share(rig.channel.channelId, { meets: targetOfDifficulty(1e-9) });
    rig.validator.refusing = true;
    rig.add(1);
    rig.flush();
    rig.harness.pool.addShare(rig.channel, block, NOW);
    expect(rig.validator.live.standard).toBe(1);
    rig.harness.pool.disconnect(rig.connection);
    expect(rig.validator.live.standard).toBe(1);
    rig.validator.drain();
    expect(rig.validator.live.standard).toBe(0);
    expect(rig.harness.blocks).toHaveLength(1);
    expect(rig.harness.outcomes).toEqual([`${rig.channel.key} 1 invalid-job-id`, `${rig.channel.key} accepted block`]);
  });
});
