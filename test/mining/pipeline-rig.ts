/** One channel whose shares a test adds turn by turn, and a validator that takes and answers them when it says so. */

import type { Channel } from "../../src/mining/channel.ts";
import type { ShareSubmission } from "../../src/wire/share-fields.ts";
import { PoolHarness } from "../session/session-fixture.ts";
import { SteeredValidator } from "../support/steered-validator.ts";
import { NOW, Rig } from "./channel-rig.ts";

/** Shares of one run. */
export const RUN = 4_096;

export class PipelineRig extends Rig {
  readonly validator: SteeredValidator;
  readonly channel: Channel;
  /** A share that is accepted. */
  readonly good: ShareSubmission;

  constructor() {
    const validator = new SteeredValidator();
    super(new PoolHarness({}, { validator }));
    this.validator = validator;
    this.channel = this.open();
    this.good = this.view.share(this.channel.channelId);
  }

  /** Adds a share that differs from all others, of no job if not told otherwise; says whether it was taken. */
  add(sequenceNumber: number, fields: Partial<ShareSubmission> = {}): boolean {
    const nonce = this.good.nonce + sequenceNumber;
    const share = { ...this.good, nonce, sequenceNumber, jobId: 99, ...fields };
    return this.harness.pool.addShare(this.channel, share, NOW);
  }

  /** Ends the turn. */
  flush(): void {
    this.harness.pool.flushShares();
  }

  /** What became of the channel's shares. */
  outcomes(): string[] {
    return this.harness.outcomes.map((outcome) => outcome.replace(`${this.channel.key} `, ""));
  }
}
