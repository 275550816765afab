/** Byte strings of up to 64 KiB that no honest peer sends: noise, and frames that were honest before something happened. */

import fc from "fast-check";
import { concatBytes } from "../../src/core/bytes.ts";
import { AditError } from "../../src/core/errors.ts";
import type { SeededRandom } from "../../src/templates/simulated-transactions.ts";
import { encodeFrame, FRAME_HEADER_BYTES } from "../../src/wire/frame.ts";
import { drawn, preparing } from "../support/drawn-cases.ts";
import { type AnyDefinition, DEFINITIONS, messagesOf } from "./arbitrary-messages.ts";

export const MOST_BYTES = 65_536;

/** Windows of it are noise: to draw each byte would take longer than what is tested. */
const NOISE = preparing().bytes(4 * MOST_BYTES);

/** Honest frames, some of each message. */
const HONEST: readonly Uint8Array[] = DEFINITIONS.flatMap((definition) =>
  fc
    .sample(messagesOf(definition), { ...drawn(1), numRuns: 24 })
    .map((message) => encodeFrame(definition, message))
    .filter(({ length }) => length <= MOST_BYTES),
);

export function pick<T>(random: SeededRandom, list: readonly T[]): T {
  const chosen = list[random.next() % list.length];
  if (chosen === undefined) throw new RangeError("nothing to choose from");
  return chosen;
}

export function noise(random: SeededRandom, length: number): Uint8Array {
  const start = random.next() % (NOISE.length - length);
  return NOISE.slice(start, start + length);
}

/** Mostly short, since what is long differs in little; each length up to the most can come. */
function drawnLength(random: SeededRandom): number {
  const most = [16, 64, 300, 1_024][random.between(0, 3)] ?? 16;
  return random.between(0, random.next() % 64 === 0 ? MOST_BYTES : most);
}

const COUNTS = [0x00, 0x01, 0x02, 0x1f, 0x20, 0x21, 0x7f, 0x80, 0xfe, 0xff];

/** What happens to an honest frame. */
const MISHAPS: readonly ((random: SeededRandom, frame: Uint8Array) => Uint8Array)[] = [
  (random, frame) => {
    for (let flips = random.between(1, 8); flips > 0; flips -= 1) {
      const at = random.next() % frame.length;
      frame[at] = (frame[at] ?? 0) ^ (1 << (random.next() & 7));
    }
    return frame;
  },
  (random, frame) => frame.subarray(0, random.between(0, frame.length)),
  (random, frame) => concatBytes(frame, noise(random, drawnLength(random))).subarray(0, MOST_BYTES),
  // The length in its header.
  (random, frame) => {
    frame[random.between(3, 5)] = random.next();
    return frame;
  },
  // A byte that may be the count of something.
  (random, frame) => {
    const at = random.next() % frame.length;
    frame[at] = pick(random, COUNTS);
    return frame;
  },
  // Another message's number over the same fields.
  (random, frame) => {
    frame[2] = pick(random, HONEST)[2] ?? 0;
    return frame;
  },
  (random, frame) => {
    const other = pick(random, HONEST);
    const cut = random.between(0, frame.length);
    return concatBytes(frame.subarray(0, cut), other.subarray(random.between(0, other.length))).subarray(0, MOST_BYTES);
  },
  // Something is missing in the middle, and the header says so.
  (random, frame) => {
    const at = random.between(FRAME_HEADER_BYTES, frame.length);
    return withLength(concatBytes(frame.subarray(0, at), frame.subarray(at + random.between(1, 40))));
  },
  (random, frame) => {
    const at = random.between(FRAME_HEADER_BYTES, frame.length);
    const more = noise(random, random.between(1, 300));
    return withLength(concatBytes(frame.subarray(0, at), more, frame.subarray(at)).slice(0, MOST_BYTES));
  },
];

function withLength(frame: Uint8Array): Uint8Array {
  const length = frame.length - FRAME_HEADER_BYTES;
  frame[3] = length & 0xff;
  frame[4] = (length >>> 8) & 0xff;
  frame[5] = length >>> 16;
  return frame;
}

export function honestFrame(random: SeededRandom): Uint8Array {
  return pick(random, HONEST).slice();
}

/** A frame that was honest before one to three mishaps. */
export function mishapenFrame(random: SeededRandom): Uint8Array {
  let frame = honestFrame(random);
  for (let times = random.between(1, 3); times > 0 && frame.length >= FRAME_HEADER_BYTES; times -= 1) {
    frame = pick(random, MISHAPS)(random, frame);
  }
  return frame;
}

/** Noise in a fifth of all cases: a decoder refuses most of it at its first field. */
export function hostileBytes(random: SeededRandom): Uint8Array {
  return random.next() % 5 === 0 ? noise(random, drawnLength(random)) : mishapenFrame(random);
}

/** The bytes in one to four chunks. */
export function chunked(random: SeededRandom, bytes: Uint8Array): Uint8Array[] {
  const cuts = [0, bytes.length];
  for (let more = random.between(0, 3); more > 0; more -= 1) cuts.push(random.between(0, bytes.length));
  cuts.sort((a, b) => a - b);
  return cuts.slice(1).map((end, index) => bytes.slice(cuts[index], end));
}

/** What `run` returns, or undefined where it throws as a peer's fault is thrown. Any other error is thrown on. */
export function unlessRefused<T>(run: () => T, codes: ReadonlySet<string>): T | undefined {
  try {
    return run();
  } catch (error) {
    const typed = error instanceof AditError && error.disposition.kind === "disconnect" && codes.has(error.code);
    if (!typed) throw error;
    return undefined;
  }
}

/** The definition of a frame's message, if there is one. */
export function definitionOf(header: { extensionType: number; msgType: number }): AnyDefinition | undefined {
  return DEFINITIONS.find(
    ({ extensionType, msgType }) => extensionType === header.extensionType && msgType === header.msgType,
  );
}
