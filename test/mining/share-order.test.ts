import { afterEach, describe, expect, it } from "vitest";
import type { Channel } from "../../src/mining/channel.ts";
import type { ShareOutcomeListener } from "../../src/mining/share-pipeline.ts";
import { createValidator, type ShareValidator } from "../../src/sharecore/index.ts";
import { PoolHarness } from "../session/session-fixture.ts";
import { NOW, Rig } from "./channel-rig.ts";

const SHARES = 6_000;

let validator: ShareValidator | undefined;

afterEach(() => validator?.close());

/** Keeps for each channel the numbers of its shares in the order of their verdicts. */
class OrderHarness extends PoolHarness {
  readonly told = new Map<string, number[]>();

  override onAccepted(...[channel]: Parameters<ShareOutcomeListener["onAccepted"]>): void {
    const { lastSequenceNumber } = channel.tally.take();
    this.#note(channel, lastSequenceNumber);
  }

  override onRejected(...[channel, { sequenceNumber }]: Parameters<ShareOutcomeListener["onRejected"]>): void {
    this.#note(channel, sequenceNumber);
  }

  #note(channel: Channel, sequenceNumber: number): void {
    const numbers = this.told.get(channel.key) ?? [];
    numbers.push(sequenceNumber);
    this.told.set(channel.key, numbers);
  }
}

describe("verdicts over the worker threads", () => {
  it("come back in the order in which each channel's shares were sent", async () => {
    validator = createValidator({ backend: "workers", workers: 2 });
    const harness = new OrderHarness({}, { validator });
    const rig = new Rig(harness);
    const channels = [
      rig.open(),
      rig.open({ kind: "extended" }),
      rig.open({ kind: "extended", minExtranonceSize: 16 }),
    ];
    const goods = channels.map((channel) => rig.view.share(channel.channelId));
    let flushIn = 1;
    for (let sequenceNumber = 0; sequenceNumber < SHARES; sequenceNumber += 1) {
      for (const [index, channel] of channels.entries()) {
        const good = goods[index];
        if (good === undefined) continue;
        // Some need no hash, some are hashed and rejected, most are good, and each seventh is a duplicate.
        const nonce = sequenceNumber % 7 === 0 ? good.nonce : good.nonce + sequenceNumber;
        const jobId = sequenceNumber % 5 === 0 ? 999 : good.jobId;
        const ntime = sequenceNumber % 3 === 0 ? 1 : good.ntime;
        expect(harness.pool.addShare(channel, { ...good, sequenceNumber, nonce, jobId, ntime }, NOW)).toBe(true);
      }
      flushIn -= 1;
      if (flushIn > 0) continue;
      // Runs of very different lengths: small ones are hashed in this thread, large ones by the workers.
      flushIn = [1, 700, 3, 90][sequenceNumber % 4] ?? 1;
      harness.pool.flushShares();
      if (sequenceNumber % 2 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await harness.pool.settled();
    const inOrder = Array.from({ length: SHARES }, (_, sequenceNumber) => sequenceNumber);
    for (const channel of channels) expect(harness.told.get(channel.key)).toEqual(inOrder);
  });
});
