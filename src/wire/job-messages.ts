/** Messages that carry jobs, tips and targets. SV2 §5.3.15 to §5.3.21. */

import { b0_64k, b0_255, bool, option, seq0_255, str0_255, u32, u256 } from "./datatypes.ts";
import { defineMessage, type MessageDefinition } from "./message.ts";

/** An empty min_ntime makes it a future job. */
export type NewMiningJob = {
  readonly channel_id: number;
  readonly job_id: number;
  readonly min_ntime: number | undefined;
  readonly version: number;
  readonly merkle_root: Uint8Array;
};
export const NewMiningJob: MessageDefinition<NewMiningJob> = defineMessage({
  name: "NewMiningJob",
  msgType: 0x15,
  channelMsg: true,
  fields: {
    channel_id: u32,
    job_id: u32,
    min_ntime: option(u32),
    version: u32,
    merkle_root: u256,
  },
});

/** An empty min_ntime makes it a future job; the coinbase is without BIP141 fields (§3.7.1). */
export type NewExtendedMiningJob = {
  readonly channel_id: number;
  readonly job_id: number;
  readonly min_ntime: number | undefined;
  readonly version: number;
  readonly version_rolling_allowed: boolean;
  readonly merkle_path: readonly Uint8Array[];
  readonly coinbase_tx_prefix: Uint8Array;
  readonly coinbase_tx_suffix: Uint8Array;
};
export const NewExtendedMiningJob: MessageDefinition<NewExtendedMiningJob> = defineMessage({
  name: "NewExtendedMiningJob",
  msgType: 0x1f,
  channelMsg: true,
  fields: {
    channel_id: u32,
    job_id: u32,
    min_ntime: option(u32),
    version: u32,
    version_rolling_allowed: bool,
    merkle_path: seq0_255(u256),
    coinbase_tx_prefix: b0_64k,
    coinbase_tx_suffix: b0_64k,
  },
});

export type SetNewPrevHash = {
  readonly channel_id: number;
  readonly job_id: number;
  readonly prev_hash: Uint8Array;
  readonly min_ntime: number;
  readonly nbits: number;
};
export const SetNewPrevHash: MessageDefinition<SetNewPrevHash> = defineMessage({
  name: "SetNewPrevHash",
  msgType: 0x20,
  channelMsg: true,
  fields: {
    channel_id: u32,
    job_id: u32,
    prev_hash: u256,
    min_ntime: u32,
    nbits: u32,
  },
});

export type SetTarget = {
  readonly channel_id: number;
  readonly maximum_target: Uint8Array;
};
export const SetTarget: MessageDefinition<SetTarget> = defineMessage({
  name: "SetTarget",
  msgType: 0x21,
  channelMsg: true,
  fields: {
    channel_id: u32,
    maximum_target: u256,
  },
});

export type SetCustomMiningJob = {
  readonly channel_id: number;
  readonly request_id: number;
  readonly mining_job_token: Uint8Array;
  readonly version: number;
  readonly prev_hash: Uint8Array;
  readonly min_ntime: number;
  readonly nbits: number;
  readonly coinbase_tx_version: number;
  readonly coinbase_prefix: Uint8Array;
  readonly coinbase_tx_input_nSequence: number;
  readonly coinbase_tx_outputs: Uint8Array;
  readonly coinbase_tx_locktime: number;
  readonly merkle_path: readonly Uint8Array[];
};
export const SetCustomMiningJob: MessageDefinition<SetCustomMiningJob> = defineMessage({
  name: "SetCustomMiningJob",
  msgType: 0x22,
  channelMsg: true,
  fields: {
    channel_id: u32,
    request_id: u32,
    mining_job_token: b0_255,
    version: u32,
    prev_hash: u256,
    min_ntime: u32,
    nbits: u32,
    coinbase_tx_version: u32,
    coinbase_prefix: b0_255,
    coinbase_tx_input_nSequence: u32,
    coinbase_tx_outputs: b0_64k,
    coinbase_tx_locktime: u32,
    merkle_path: seq0_255(u256),
  },
});

export type SetCustomMiningJobSuccess = {
  readonly channel_id: number;
  readonly request_id: number;
  readonly job_id: number;
};
export const SetCustomMiningJobSuccess: MessageDefinition<SetCustomMiningJobSuccess> = defineMessage({
  name: "SetCustomMiningJob.Success",
  msgType: 0x23,
  channelMsg: true,
  fields: {
    channel_id: u32,
    request_id: u32,
    job_id: u32,
  },
});

export type SetCustomMiningJobError = {
  readonly channel_id: number;
  readonly request_id: number;
  readonly error_code: string;
};
export const SetCustomMiningJobError: MessageDefinition<SetCustomMiningJobError> = defineMessage({
  name: "SetCustomMiningJob.Error",
  msgType: 0x24,
  channelMsg: true,
  fields: {
    channel_id: u32,
    request_id: u32,
    error_code: str0_255,
  },
});
