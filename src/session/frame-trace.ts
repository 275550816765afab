/** Lets somebody look at all frames of one connection, both ways and in the clear. A connection without pays nothing for it. */

import type { FrameHeader, FrameReader, FrameSealer } from "../wire/frame.ts";

export interface FrameTrace {
  /** Both are valid during the call only. Never throws. */
  received(header: FrameHeader, payload: Uint8Array): void;
  /** A whole frame in the clear. Never throws. */
  sent(frame: Uint8Array): void;
}

/** The same reader, whose frames `trace` is shown before they are handled. */
export function tracedReader(reader: FrameReader, trace: FrameTrace): FrameReader {
  return {
    push(chunk, onFrame) {
      reader.push(chunk, (header, payload) => {
        trace.received(header, payload);
        onFrame(header, payload);
      });
    },
  };
}

/** The same sealer; `trace` is shown its frames. */
export function tracedSealer(sealer: FrameSealer, trace: FrameTrace): FrameSealer {
  return {
    seal(frame) {
      trace.sent(frame);
      return sealer.seal(frame);
    },
  };
}
