/** Lets somebody look at all frames of one connection, both ways and in the clear, and at its end. */

import type { FrameHeader } from "../wire/frame.ts";
import type { EndReason } from "./session-events.ts";

export interface FrameTrace {
  /** A frame that is about to be handled. Both are valid during the call only. Never throws. */
  received(header: FrameHeader, payload: Uint8Array): void;
  /** A whole frame in the clear. Never throws. */
  sent(frame: Uint8Array): void;
  /** The last call. `error` is what was thrown or reported, such as for a frame that cannot be read. Never throws. */
  ended(reason: EndReason, error: unknown): void;
}
