/** The frame around every message: six bytes of header, then the payload. SV2 §3.2. */

import { ByteWriter } from "../core/byte-writer.ts";
import type { MessageDefinition } from "./message.ts";

export const FRAME_HEADER_BYTES = 6;

const CHANNEL_MSG_BIT = 0x8000;

export type FrameHeader = {
  /** Without the channel_msg bit. */
  extensionType: number;
  channelMsg: boolean;
  msgType: number;
  /** Bytes of payload. */
  length: number;
};

/** Both are valid during the call only: the header is one reused object, the payload a view of a buffer. */
export type FrameHandler = (header: FrameHeader, payload: Uint8Array) => void;

/** Takes bytes as they come, and gives whole frames. */
export interface FrameReader {
  /**
   * @param chunk the next bytes; they may be overwritten by the reader.
   * @throws {AditError} with disposition `disconnect`; and whatever `onFrame` throws.
   */
  push(chunk: Uint8Array, onFrame: FrameHandler): void;
}

/** Makes the bytes for the socket from a whole frame in the clear. */
export interface FrameSealer {
  seal(frame: Uint8Array): Uint8Array;
}

/** Reads six bytes of `bytes` from `offset` into `header`. */
export function readFrameHeader(bytes: Uint8Array, offset: number, header: FrameHeader): void {
  const extension = (bytes[offset] ?? 0) | ((bytes[offset + 1] ?? 0) << 8);
  header.extensionType = extension & ~CHANNEL_MSG_BIT;
  header.channelMsg = (extension & CHANNEL_MSG_BIT) !== 0;
  header.msgType = bytes[offset + 2] ?? 0;
  header.length = (bytes[offset + 3] ?? 0) | ((bytes[offset + 4] ?? 0) << 8) | ((bytes[offset + 5] ?? 0) << 16);
}

/** A whole frame: header with the channel_msg bit as the message has it, and payload. */
export function encodeFrame<T>(definition: MessageDefinition<T>, message: T): Uint8Array {
  const writer = new ByteWriter(FRAME_HEADER_BYTES + Math.min(definition.maxBytes, 1024));
  writer.u16(definition.extensionType | (definition.channelMsg ? CHANNEL_MSG_BIT : 0));
  writer.u8(definition.msgType);
  writer.u24(0);
  definition.write(writer, message);
  const frame = writer.finish();
  const length = frame.length - FRAME_HEADER_BYTES;
  frame[3] = length & 0xff;
  frame[4] = (length >>> 8) & 0xff;
  frame[5] = length >>> 16;
  return frame;
}
