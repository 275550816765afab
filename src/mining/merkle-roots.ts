/**
 * Merkle roots of many standard channels for one job template, computed in one call of the validator when the first of
 * them is asked for. SV2 §5.1.1.
 */

import type { Channel } from "./channel.ts";
import type { JobSlots } from "./job-slots.ts";
import type { JobTemplate } from "./job-template.ts";

const ROOT_BYTES = 32;

export class MerkleRoots {
  readonly #jobTemplate: JobTemplate;
  readonly #channels: readonly Channel[];
  readonly #slots: JobSlots;
  #roots: ReadonlyMap<Channel, Uint8Array> | undefined;

  /** @param channels standard channels of the template's kind; one that is not among them is computed alone. */
  constructor(jobTemplate: JobTemplate, channels: readonly Channel[], slots: JobSlots) {
    this.#jobTemplate = jobTemplate;
    this.#channels = channels;
    this.#slots = slots;
  }

  /** 32 bytes, over the prefix that the channel has at the time of the call; undefined for an extended channel, which has none. */
  of(channel: Channel): Uint8Array | undefined {
    if (channel.kind === "extended") return undefined;
    this.#roots ??= this.#compute();
    return this.#roots.get(channel) ?? this.#slots.merkleRoots(this.#jobTemplate, channel.extranoncePrefix);
  }

  #compute(): ReadonlyMap<Channel, Uint8Array> {
    const size = this.#jobTemplate.kind.extranonceBytes;
    const packed = new Uint8Array(this.#channels.length * size);
    for (const [index, channel] of this.#channels.entries()) packed.set(channel.extranoncePrefix, index * size);
    if (packed.length === 0) return new Map();
    const roots = this.#slots.merkleRoots(this.#jobTemplate, packed);
    return new Map(
      this.#channels.map((channel, index) => [
        channel,
        roots.subarray(ROOT_BYTES * index, ROOT_BYTES * index + ROOT_BYTES),
      ]),
    );
  }
}
