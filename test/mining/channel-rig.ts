/** One connection on a pool whose shares are judged when the test says so, seen by a strict client. */

import type { Moment } from "../../src/core/clock.ts";
import type { Channel } from "../../src/mining/channel.ts";
import type { ConnectionChannels, ConnectionOptions } from "../../src/mining/connection-channels.ts";
import type { OpenErrorCode } from "../../src/mining/error-codes.ts";
import type { TargetChange } from "../../src/mining/frame-sink.ts";
import type { OpenRequest } from "../../src/mining/open-request.ts";
import { FrameSplitter } from "../../src/wire/frame-splitter.ts";
import type { ShareSubmission } from "../../src/wire/share-fields.ts";
import { HARD_BITS, PoolHarness, type ReceivedFrame, template } from "../session/session-fixture.ts";
import { MinerView } from "./miner-view.ts";
import type { ShareWish } from "./nonce-search.ts";

export const NOW: Moment = { wallMs: 1_700_000_000_000, monotonicMs: 0 };
/** That long after NOW, on both clocks. */
export function later(seconds: number): Moment {
  return { wallMs: NOW.wallMs + 1000 * seconds, monotonicMs: NOW.monotonicMs + 1000 * seconds };
}

/** min_ntime of the first template. */
export const NTIME = 1_700_000_000;
export const A: Uint8Array = new Uint8Array(32).fill(0xaa);
export const B: Uint8Array = new Uint8Array(32).fill(0xbb);

export class Rig {
  readonly harness: PoolHarness;
  readonly connection: ConnectionChannels;
  readonly view: MinerView;
  ended: string | undefined;
  /** What ended it, where that was thrown. */
  fault: unknown;
  /** Of the channels that the pool closed: id and reason. */
  readonly closed: string[] = [];
  readonly targetChanges: TargetChange[] = [];
  readonly #splitter = new FrameSplitter("client");
  #frames: ReceivedFrame[] = [];

  constructor(harness: PoolHarness = new PoolHarness(), options: Partial<ConnectionOptions> = {}) {
    this.harness = harness;
    this.view = new MinerView(options);
    if (harness.pool.template === undefined) this.template({ prevHash: A });
    this.connection = harness.pool.connect({
      connectionId: "c1",
      requiresStandardJobs: false,
      sink: {
        send: (bytes) =>
          this.#splitter.push(bytes, (header, payload) => {
            const frame = { header: { ...header }, payload: payload.slice() };
            this.#frames.push(frame);
            this.view.see(frame);
          }),
        end: (reason, error) => {
          this.ended = reason;
          this.fault = error;
        },
        workAvailable: () => undefined,
        targetChanged: (change) => void this.targetChanges.push(change),
        channelClosed: (channel, reasonCode) => void this.closed.push(`${channel.channelId} ${reasonCode}`),
      },
      ...options,
    });
  }

  /** The pool takes a template on whose network target no hash falls by chance. */
  template(fields: Parameters<typeof template>[0] = {}): boolean {
    return this.harness.pool.setTemplate(template({ bits: HARD_BITS, prevHash: A, ...fields }));
  }

  tryOpen(fields: Partial<OpenRequest> = {}): Channel | OpenErrorCode {
    return this.connection.open(
      {
        kind: "standard",
        requestId: 1,
        userIdentity: "alice",
        nominalHashrate: 0,
        maxTarget: new Uint8Array(32).fill(0xff),
        minExtranonceSize: 0,
        ...fields,
      },
      NOW,
    );
  }

  open(fields: Partial<OpenRequest> = {}): Channel {
    const outcome = this.tryOpen(fields);
    if (typeof outcome === "string") throw new Error(outcome);
    return outcome;
  }

  close(channelId: number): Channel[] {
    const closed = this.connection.close(channelId);
    for (const channel of closed) this.view.closed(channel.channelId);
    return closed;
  }

  /** Frames since the last call. */
  frames(): ReceivedFrame[] {
    return this.#frames.splice(0);
  }

  /** The verdict of one share. */
  judge(channel: Channel, submission: ShareSubmission, now: Moment = NOW): string {
    const { outcomes, pool } = this.harness;
    outcomes.length = 0;
    if (!pool.addShare(channel, submission, now)) throw new Error("the share was not taken");
    pool.flushShares();
    if (outcomes.length !== 1) throw new Error(`one verdict was expected: ${outcomes.join()}`);
    return (outcomes[0] ?? "").replace(/^\S+ (?:\d+ )?/, "");
  }

  /** The verdict of a share as the client makes it by the frames alone. */
  mine(channel: Channel, wish: ShareWish = {}): string {
    return this.judge(channel, this.view.share(channel.channelId, wish));
  }
}
