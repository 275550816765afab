import { expect, it } from "vitest";
import type { Channel } from "../../src/mining/channel.ts";
import { SetTarget } from "../../src/wire/job-messages.ts";
import { NO_WORKER } from "../../src/wire/worker-field.ts";
import { PoolHarness } from "../session/session-fixture.ts";
import { later, NTIME, Rig } from "./channel-rig.ts";

const MINERS = 8;
const HOUR = 3_600;
const TIP_SECONDS = 600;

/** Hashes of a share of difficulty 1, in the targets' own terms. */
const HASHES_PER_DIFFICULTY = 2 ** 32;

/** By the hour: steady, and with steps by 2, ½ and 4. So few hashes that each of them can be made and sent. */
const HASHES_PER_SECOND = [0.4, 0.8, 0.4, 0.2, 0.4, 1.6, 0.4, 0.4] as const;

/**
 * Miners that send each of their hashes, whatever comes of it: what the pool accepts of them is chance, as with any
 * miner, and what it is worth can be counted without looking at targets.
 */
class Farm {
  readonly rig = new Rig(new PoolHarness({ vardiff: true }));
  readonly channels: readonly Channel[] = Array.from({ length: MINERS }, () => this.rig.open());
  hashes = 0;
  /** Sum of the ledger's entries. */
  credited = 0;
  /** SetTargets that were sent. */
  targets = 0;
  #owed = 0;

  second(second: number): void {
    if (second % TIP_SECONDS === 0) {
      const prevHash = new Uint8Array(32).fill(1 + ((second / TIP_SECONDS) % 250));
      this.rig.template({ prevHash, curTime: NTIME + second, height: 900_002 + second / TIP_SECONDS });
    }
    const rate = HASHES_PER_SECOND[Math.floor(second / HOUR) % HASHES_PER_SECOND.length] ?? 0;
    for (this.#owed += rate; this.#owed >= 1; this.#owed -= 1) {
      for (const channel of this.channels) this.#hash(channel, second);
    }
    const { pool, outcomes } = this.rig.harness;
    pool.flushShares();
    outcomes.length = 0;
    pool.retarget(later(second));
    this.targets += this.rig.frames().filter(({ header }) => header.msgType === SetTarget.msgType).length;
    for (const { tally } of this.channels) {
      for (const { difficulty } of tally.take().credits) this.credited += difficulty;
    }
  }

  #hash(channel: Channel, second: number): void {
    const job = channel.jobs.at(-1);
    if (job === undefined) throw new Error("a channel without a job");
    this.hashes += 1;
    const { version } = job.jobTemplate.template;
    const share = { jobId: job.jobId, version, ntime: NTIME + second, nonce: this.hashes };
    const rest = {
      sequenceNumber: this.hashes,
      channelId: channel.channelId,
      tlvStart: 0,
      extranonce: new Uint8Array(0),
      worker: NO_WORKER,
    };
    this.rig.harness.pool.addShare(channel, { ...share, ...rest }, later(second));
  }
}

it("the pool credits a day of unsteady miners with their work, within 1 %", () => {
  const farm = new Farm();
  for (let second = 1; second <= 24 * HOUR; second += 1) farm.second(second);
  const work = farm.hashes / HASHES_PER_DIFFICULTY;
  expect(farm.credited / work).toBeGreaterThan(0.99);
  expect(farm.credited / work).toBeLessThan(1.01);
  expect(farm.targets, "the difficulty followed").toBeGreaterThan(10 * MINERS);
});
