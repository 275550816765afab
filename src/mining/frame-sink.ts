/** Where the frames for one connection go. */

/** No call throws: a connection that is gone takes nothing. */
export type FrameSink = {
  /** Takes a whole frame in the clear. Frames leave in the order of the calls. */
  send(frame: Uint8Array): void;
  /** There is work on the node's tip again: what waited for it can go on. */
  workAvailable(): void;
  /** Ends the connection after what was sent. */
  end(reason: "duplicates-full" | "extranonce-changed" | "internal-error", error?: unknown): void;
};
