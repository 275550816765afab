/** Messages that carry shares and their answers. SV2 §5.3.11 to §5.3.14. */

import { b0_32, str0_255, u32, u64 } from "./datatypes.ts";
import { defineMessage, type MessageDefinition } from "./message.ts";

export type SubmitSharesStandard = {
  readonly channel_id: number;
  readonly sequence_number: number;
  readonly job_id: number;
  readonly nonce: number;
  readonly ntime: number;
  readonly version: number;
};
export const SubmitSharesStandard: MessageDefinition<SubmitSharesStandard> = defineMessage({
  name: "SubmitSharesStandard",
  msgType: 0x1a,
  channelMsg: true,
  fields: {
    channel_id: u32,
    sequence_number: u32,
    job_id: u32,
    nonce: u32,
    ntime: u32,
    version: u32,
  },
});

export type SubmitSharesExtended = {
  readonly channel_id: number;
  readonly sequence_number: number;
  readonly job_id: number;
  readonly nonce: number;
  readonly ntime: number;
  readonly version: number;
  readonly extranonce: Uint8Array;
};
export const SubmitSharesExtended: MessageDefinition<SubmitSharesExtended> = defineMessage({
  name: "SubmitSharesExtended",
  msgType: 0x1b,
  channelMsg: true,
  fields: {
    channel_id: u32,
    sequence_number: u32,
    job_id: u32,
    nonce: u32,
    ntime: u32,
    version: u32,
    extranonce: b0_32,
  },
});

export type SubmitSharesSuccess = {
  readonly channel_id: number;
  readonly last_sequence_number: number;
  readonly new_submits_accepted_count: number;
  readonly new_shares_sum: bigint;
};
export const SubmitSharesSuccess: MessageDefinition<SubmitSharesSuccess> = defineMessage({
  name: "SubmitShares.Success",
  msgType: 0x1c,
  channelMsg: true,
  fields: {
    channel_id: u32,
    last_sequence_number: u32,
    new_submits_accepted_count: u32,
    new_shares_sum: u64,
  },
});

export type SubmitSharesError = {
  readonly channel_id: number;
  readonly sequence_number: number;
  readonly error_code: string;
};
export const SubmitSharesError: MessageDefinition<SubmitSharesError> = defineMessage({
  name: "SubmitShares.Error",
  msgType: 0x1d,
  channelMsg: true,
  fields: {
    channel_id: u32,
    sequence_number: u32,
    error_code: str0_255,
  },
});
