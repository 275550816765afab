/** Tells plaintext from Noise by the first six bytes of a connection. */

import { SetupConnection } from "./common-messages.ts";
import { type FrameHeader, readFrameHeader } from "./frame.ts";

export type Detection =
  | { readonly transport: "plaintext"; readonly cause: "setup-connection" }
  | { readonly transport: "noise"; readonly cause: "extension-type" | "message-type" | "length" };

/**
 * Plaintext begins with SetupConnection: extension type 0, message type 0, and a length that this message can have.
 * Everything else is the first act of a handshake, 64 bytes that look random.
 * @param first6 the first 6 bytes.
 */
export function detectTransport(first6: Uint8Array): Detection {
  const header: FrameHeader = { extensionType: 0, channelMsg: false, msgType: 0, length: 0 };
  readFrameHeader(first6, 0, header);
  if (header.extensionType !== 0) return { transport: "noise", cause: "extension-type" };
  if (header.msgType !== SetupConnection.msgType) return { transport: "noise", cause: "message-type" };
  if (header.length < SetupConnection.minBytes || header.length > SetupConnection.maxBytes) {
    return { transport: "noise", cause: "length" };
  }
  return { transport: "plaintext", cause: "setup-connection" };
}
