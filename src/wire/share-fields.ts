/**
 * Shares read in place: the fields of SubmitSharesStandard and SubmitSharesExtended into one object that is used again
 * for every share, without a decoded message between. SV2 §5.3.11, §5.3.12.
 */

import { MAX_TLV_BYTES } from "./message.ts";
import { SubmitSharesStandard } from "./share-messages.ts";
import { NO_WORKER } from "./worker-field.ts";

export type ShareSubmission = {
  channelId: number;
  sequenceNumber: number;
  jobId: number;
  nonce: number;
  ntime: number;
  version: number;
  /** The rolled part; empty for a standard share. A view of the payload. */
  extranonce: Uint8Array;
  /** Where in the payload the TLVs begin (SV2 §3.4.3); its length where there are none. */
  tlvStart: number;
  /** The name of the worker that found it, from those TLVs; empty where none was looked for, or none is there. */
  worker: Uint8Array;
};

const FIXED_BYTES = SubmitSharesStandard.minBytes;
const MAX_EXTRANONCE_BYTES = 32;
const NONE = new Uint8Array(0);

export function createShareSubmission(): ShareSubmission {
  return {
    channelId: 0,
    sequenceNumber: 0,
    jobId: 0,
    nonce: 0,
    ntime: 0,
    version: 0,
    extranonce: NONE,
    tlvStart: 0,
    worker: NO_WORKER,
  };
}

function u32(bytes: Uint8Array, offset: number): number {
  return (
    ((bytes[offset] ?? 0) |
      ((bytes[offset + 1] ?? 0) << 8) |
      ((bytes[offset + 2] ?? 0) << 16) |
      ((bytes[offset + 3] ?? 0) << 24)) >>>
    0
  );
}

function readFixed(payload: Uint8Array, into: ShareSubmission): void {
  into.channelId = u32(payload, 0);
  into.sequenceNumber = u32(payload, 4);
  into.jobId = u32(payload, 8);
  into.nonce = u32(payload, 12);
  into.ntime = u32(payload, 16);
  into.version = u32(payload, 20);
  into.worker = NO_WORKER;
}

/** Reads a SubmitSharesStandard. @returns false where the payload is too short or too long; `into` is unspecified then. */
export function readShareStandard(payload: Uint8Array, into: ShareSubmission): boolean {
  const rest = payload.length - FIXED_BYTES;
  if (rest < 0 || rest > MAX_TLV_BYTES) return false;
  readFixed(payload, into);
  into.extranonce = NONE;
  into.tlvStart = FIXED_BYTES;
  return true;
}

/** Reads a SubmitSharesExtended. @returns false where a length is wrong; `into` is unspecified then. */
export function readShareExtended(payload: Uint8Array, into: ShareSubmission): boolean {
  const start = FIXED_BYTES + 1;
  if (payload.length < start) return false;
  const end = start + (payload[FIXED_BYTES] ?? 0);
  const rest = payload.length - end;
  if (end - start > MAX_EXTRANONCE_BYTES || rest < 0 || rest > MAX_TLV_BYTES) return false;
  readFixed(payload, into);
  into.extranonce = payload.subarray(start, end);
  into.tlvStart = end;
  return true;
}
