/** A channel on its own, with a sink that keeps what it is given. */

import { Channel } from "../../src/mining/channel.ts";
import type { FrameSink } from "../../src/mining/frame-sink.ts";
import { shareTarget } from "../../src/mining/share-target.ts";
import { workKind } from "../../src/mining/work-kind.ts";
import { FrameSplitter } from "../../src/wire/frame-splitter.ts";
import { decodeMessage } from "../../src/wire/message.ts";
import { SubmitSharesSuccess } from "../../src/wire/share-messages.ts";

const KIND = workKind(16, { key: "pool", script: new Uint8Array(0), cuts: [] });

export class RecordingChannel implements FrameSink {
  readonly channel: Channel;
  readonly frames: Uint8Array[] = [];
  /** What the sink throws at the next frame. */
  fault: Error | undefined;
  endedWith: { readonly reason: string; readonly error: unknown } | undefined;
  #sequenceNumber = 0;

  constructor(channelId: number, userIdentity = `miner.${channelId}`) {
    this.channel = new Channel({
      channelId,
      kind: "standard",
      sink: this,
      key: `c:${channelId}`,
      userIdentity,
      extranoncePrefix: new Uint8Array(16),
      rollableBytes: 0,
      group: { groupChannelId: 1_000, kind: KIND, members: new Set(), ahead: undefined },
      nominalHashrate: 0,
      maxTarget: (1n << 256n) - 1n,
      target: shareTarget((1n << 256n) - 1n),
      suitedDifficulty: 0,
      vardiff: undefined,
    });
  }

  send(frame: Uint8Array): void {
    if (this.fault !== undefined) throw this.fault;
    this.frames.push(frame);
  }

  end(reason: "duplicates-full" | "internal-error", error?: unknown): void {
    this.endedWith = { reason, error };
  }

  workAvailable(): void {}

  channelClosed(): void {}

  targetChanged(): void {}

  /** Puts an accepted share into the tally, as a verdict does. */
  earn(difficulty: number): Channel {
    this.#sequenceNumber += 1;
    this.channel.tally.accept({ sequenceNumber: this.#sequenceNumber, difficulty, hash: new Uint8Array(32) });
    return this.channel;
  }

  /** The acknowledgements that were sent, in order. */
  get acknowledged(): SubmitSharesSuccess[] {
    const messages: SubmitSharesSuccess[] = [];
    for (const frame of this.frames) {
      new FrameSplitter("client").push(frame.slice(), (header, payload) => {
        if (header.msgType !== SubmitSharesSuccess.msgType) throw new Error(`message ${header.msgType}`);
        messages.push(decodeMessage(SubmitSharesSuccess, payload.slice()).message);
      });
    }
    return messages;
  }
}
