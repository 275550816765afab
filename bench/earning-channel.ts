/** A channel with shares to be acknowledged, and a sink in place of a connection. */

import { Channel } from "../src/mining/channel.ts";
import type { FrameSink } from "../src/mining/frame-sink.ts";
import { shareTarget } from "../src/mining/share-target.ts";
import { workKind } from "../src/mining/work-kind.ts";

const MAX_TARGET = (1n << 256n) - 1n;
const KIND = workKind(16, { key: "pool", script: new Uint8Array(0), cuts: [] });

/** Takes the frames of all channels. */
export class CountingSink implements FrameSink {
  bytes = 0;

  send(frame: Uint8Array): void {
    this.bytes += frame.length;
  }

  end(reason: string, error?: unknown): void {
    throw new Error(`a channel ended: ${reason}`, { cause: error });
  }

  workAvailable(): void {}

  channelClosed(): void {}

  targetChanged(): void {}
}

export class EarningChannel {
  readonly channel: Channel;
  readonly #hash = new Uint8Array(32);
  #sequenceNumber = 0;

  constructor(channelId: number, sink: FrameSink) {
    this.channel = new Channel({
      channelId,
      kind: "extended",
      sink,
      key: `${channelId}:1`,
      userIdentity: `bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4.rig${channelId}`,
      extranoncePrefix: new Uint8Array(8),
      rollableBytes: 8,
      group: { groupChannelId: 1_000_000, kind: KIND, members: new Set(), ahead: undefined },
      nominalHashrate: 1e14,
      maxTarget: MAX_TARGET,
      target: shareTarget(MAX_TARGET),
      suitedDifficulty: 1,
      vardiff: undefined,
    });
  }

  /** An accepted share more, as its verdict puts it into the tally; no two have the same hash. */
  earn(): Channel {
    this.#sequenceNumber += 1;
    new DataView(this.#hash.buffer).setUint32(
      20,
      Math.imul(this.#sequenceNumber + this.channel.channelId, 2_654_435_761) >>> 0,
    );
    this.channel.tally.accept({ sequenceNumber: this.#sequenceNumber, difficulty: 65_536, hash: this.#hash });
    return this.channel;
  }
}
