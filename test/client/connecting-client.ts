/** The client's end of a connection, for tests that look at what happens to it. */

import { PoolConnection } from "../../src/client/pool-connection.ts";
import { toHex } from "../../src/core/bytes.ts";
import type { Clock } from "../../src/core/clock.ts";
import { SetupConnection } from "../../src/wire/common-messages.ts";
import { encodeFrame } from "../../src/wire/frame.ts";
import { within } from "../support/wait.ts";

export const SETUP = {
  protocol: 0,
  min_version: 2,
  max_version: 2,
  flags: 0,
  endpoint_host: "127.0.0.1",
  endpoint_port: 1,
  vendor: "test",
  hardware_version: "",
  firmware: "",
  device_id: "",
};
/** The pool's answer to it. */
export const ANSWER = { used_version: 2, flags: 0 };

export type ClientOptions = {
  /** Undefined: plaintext. */
  readonly authorityPublicKey?: Uint8Array;
  readonly onReady?: () => void;
  readonly onFrame?: () => void;
};

/** A connection that sends SetupConnection when it is ready, and keeps what happens. */
export class Client {
  readonly connection: PoolConnection;
  readonly frames: string[] = [];
  readonly ended: Promise<Error & { readonly code?: string }>;
  isReady = false;
  ends = 0;

  constructor(port: number, clock: Clock, options: ClientOptions = {}) {
    let end: (error: Error) => void = () => undefined;
    this.ended = new Promise((resolve) => {
      end = resolve;
    });
    this.connection = new PoolConnection(
      { host: "127.0.0.1", port, authorityPublicKey: options.authorityPublicKey },
      {
        onReady: () => {
          this.isReady = true;
          options.onReady?.();
          this.connection.send(encodeFrame(SetupConnection, SETUP));
        },
        onFrame: (header, payload) => {
          this.frames.push(`${header.msgType} ${toHex(payload)}`);
          options.onFrame?.();
        },
        onEnd: (error) => {
          this.ends += 1;
          end(error);
        },
      },
      { clock },
    );
  }

  /** The code and the message that it ended with. */
  async end(): Promise<{ code: string | undefined; message: string }> {
    const { code, message } = await within(this.ended, "the connection's end");
    return { code, message };
  }
}
