/** The messages of the mining protocol that clients send and heed, field by field. SV2 §3.6, §5.3. */

import { concatBytes } from "../../src/core/bytes.ts";
import { b032, CHANNEL_MSG, Fields, f32, frame, str, u8, u16, u32 } from "./bytes.ts";

/** The extension_type of all its messages. */
export const EXTENSIONS_NEGOTIATION = 0x0001;
export const REQUEST_EXTENSIONS_SUCCESS = 0x01;
export const RECONNECT = 0x04;
export const SETUP_SUCCESS = 0x01;
export const SETUP_ERROR = 0x02;
export const OPEN_STANDARD_SUCCESS = 0x11;
export const OPEN_EXTENDED_SUCCESS = 0x14;
export const NEW_MINING_JOB = 0x15;
export const SHARES_SUCCESS = 0x1c;
export const SHARES_ERROR = 0x1d;
export const NEW_EXTENDED_MINING_JOB = 0x1f;
export const SET_NEW_PREV_HASH = 0x20;
export const SET_TARGET = 0x21;

/** What any hash meets: what most clients open their channels with. */
export const ANY_TARGET: Uint8Array = new Uint8Array(32).fill(0xff);

export function setupConnection(fields: {
  readonly flags: number;
  readonly host: string;
  readonly port: number;
  readonly vendor?: string;
  readonly hardware?: string;
  readonly device?: string;
}): Uint8Array {
  const { flags, host, port, vendor = "", hardware = "", device = "" } = fields;
  const versions = [u16(2), u16(2)];
  const strings = [str(vendor), str(hardware), str(""), str(device)];
  return frame(0, 0x00, u8(0), ...versions, u32(flags), str(host), u16(port), ...strings);
}

export type OpenFields = { readonly requestId: number; readonly user: string; readonly hashrate: number };

export function openStandard({ requestId, user, hashrate }: OpenFields): Uint8Array {
  return frame(0, 0x10, u32(requestId), str(user), f32(hashrate), ANY_TARGET);
}

export function openExtended(
  fields: OpenFields & { readonly maxTarget?: Uint8Array; readonly minExtranonce: number },
): Uint8Array {
  const { requestId, user, hashrate, maxTarget = ANY_TARGET, minExtranonce } = fields;
  return frame(0, 0x13, u32(requestId), str(user), f32(hashrate), maxTarget, u16(minExtranonce));
}

export function updateChannel(channelId: number, hashrate: number, maxTarget: Uint8Array): Uint8Array {
  return frame(CHANNEL_MSG, 0x16, u32(channelId), f32(hashrate), maxTarget);
}

export function closeChannel(channelId: number, reason: string): Uint8Array {
  return frame(CHANNEL_MSG, 0x18, u32(channelId), str(reason));
}

export type Share = {
  readonly channelId: number;
  readonly sequence: number;
  readonly jobId: number;
  readonly nonce: number;
  readonly ntime: number;
  readonly version: number;
};

function shareFields(share: Share): Uint8Array[] {
  const { channelId, sequence, jobId, nonce, ntime, version } = share;
  return [u32(channelId), u32(sequence), u32(jobId), u32(nonce), u32(ntime), u32(version)];
}

export function submitStandard(share: Share): Uint8Array {
  return frame(CHANNEL_MSG, 0x1a, ...shareFields(share));
}

/** @param tlvs fields of extensions, behind its own. */
export function submitExtended(share: Share, extranonce: Uint8Array, ...tlvs: readonly Uint8Array[]): Uint8Array {
  return frame(CHANNEL_MSG, 0x1b, ...shareFields(share), b032(extranonce), ...tlvs);
}

/** Extension 0x0001. */
export function requestExtensions(requestId: number, extensions: readonly number[]): Uint8Array {
  return frame(EXTENSIONS_NEGOTIATION, 0x00, u16(requestId), u16(extensions.length), ...extensions.map(u16));
}

/** `user_identity` of extension 0x0002 as the Rust reference writes it: type and length are little-endian. */
export function workerField(name: string): Uint8Array {
  const bytes = new TextEncoder().encode(name);
  return concatBytes(u16(0x0002), u8(0x01), u16(bytes.length), bytes);
}

export function readRequestExtensionsSuccess(payload: Uint8Array): {
  readonly requestId: number;
  readonly supported: readonly number[];
} {
  const fields = new Fields(payload);
  const [requestId, count] = [fields.u16(), fields.u16()];
  return fields.all({ requestId, supported: Array.from({ length: count }, () => fields.u16()) });
}

export function readReconnect(payload: Uint8Array): { readonly host: string; readonly port: number } {
  const fields = new Fields(payload);
  return fields.all({ host: fields.str(), port: fields.u16() });
}

export type Opened = {
  readonly requestId: number;
  readonly channelId: number;
  /** 32 bytes, little-endian. */
  readonly target: Uint8Array;
  readonly prefix: Uint8Array;
  /** Bytes that the client rolls; 0 on a standard channel. */
  readonly rollable: number;
  readonly groupId: number;
};

export function readSetupSuccess(payload: Uint8Array): { readonly version: number; readonly flags: number } {
  const fields = new Fields(payload);
  return fields.all({ version: fields.u16(), flags: fields.u32() });
}

export function readSetupError(payload: Uint8Array): { readonly flags: number; readonly code: string } {
  const fields = new Fields(payload);
  return fields.all({ flags: fields.u32(), code: fields.str() });
}

export function readOpenStandardSuccess(payload: Uint8Array): Opened {
  const fields = new Fields(payload);
  const [requestId, channelId, target] = [fields.u32(), fields.u32(), fields.u256()];
  return fields.all({ requestId, channelId, target, prefix: fields.b032(), rollable: 0, groupId: fields.u32() });
}

export function readOpenExtendedSuccess(payload: Uint8Array): Opened {
  const fields = new Fields(payload);
  const [requestId, channelId, target, rollable] = [fields.u32(), fields.u32(), fields.u256(), fields.u16()];
  return fields.all({ requestId, channelId, target, rollable, prefix: fields.b032(), groupId: fields.u32() });
}

export type StandardJob = {
  readonly channelId: number;
  readonly jobId: number;
  readonly minNtime: number | undefined;
  readonly version: number;
  readonly merkleRoot: Uint8Array;
};

export function readNewMiningJob(payload: Uint8Array): StandardJob {
  const fields = new Fields(payload);
  const [channelId, jobId, minNtime] = [fields.u32(), fields.u32(), fields.optionU32()];
  return fields.all({ channelId, jobId, minNtime, version: fields.u32(), merkleRoot: fields.u256() });
}

export type ExtendedJob = {
  readonly channelId: number;
  readonly jobId: number;
  readonly minNtime: number | undefined;
  readonly version: number;
  readonly versionRolling: boolean;
  readonly merklePath: readonly Uint8Array[];
  readonly prefix: Uint8Array;
  readonly suffix: Uint8Array;
};

export function readNewExtendedMiningJob(payload: Uint8Array): ExtendedJob {
  const fields = new Fields(payload);
  const [channelId, jobId, minNtime, version] = [fields.u32(), fields.u32(), fields.optionU32(), fields.u32()];
  const [versionRolling, merklePath] = [fields.bool(), fields.u256List()];
  const job = { channelId, jobId, minNtime, version, versionRolling, merklePath };
  return fields.all({ ...job, prefix: fields.b064k(), suffix: fields.b064k() });
}

export type PrevHash = {
  readonly channelId: number;
  readonly jobId: number;
  readonly prevHash: Uint8Array;
  readonly minNtime: number;
  readonly bits: number;
};

export function readSetNewPrevHash(payload: Uint8Array): PrevHash {
  const fields = new Fields(payload);
  const [channelId, jobId, prevHash] = [fields.u32(), fields.u32(), fields.u256()];
  return fields.all({ channelId, jobId, prevHash, minNtime: fields.u32(), bits: fields.u32() });
}

export function readSetTarget(payload: Uint8Array): { readonly channelId: number; readonly target: Uint8Array } {
  const fields = new Fields(payload);
  return fields.all({ channelId: fields.u32(), target: fields.u256() });
}

export type Acknowledged = {
  readonly channelId: number;
  readonly lastSequence: number;
  readonly count: number;
  readonly sum: bigint;
};

export function readSharesSuccess(payload: Uint8Array): Acknowledged {
  const fields = new Fields(payload);
  return fields.all({
    channelId: fields.u32(),
    lastSequence: fields.u32(),
    count: fields.u32(),
    sum: fields.u64(),
  });
}

export type Rejected = { readonly channelId: number; readonly sequence: number; readonly code: string };

export function readSharesError(payload: Uint8Array): Rejected {
  const fields = new Fields(payload);
  return fields.all({ channelId: fields.u32(), sequence: fields.u32(), code: fields.str() });
}
