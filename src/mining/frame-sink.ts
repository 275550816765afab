/** Where the frames for one connection go. */

/** Neither call throws: a connection that is gone takes nothing. */
export type FrameSink = {
  /** Takes a whole frame in the clear. Frames leave in the order of the calls. */
  send(frame: Uint8Array): void;
  /** Ends the connection after what was sent. */
  end(reason: "duplicates-full"): void;
};
