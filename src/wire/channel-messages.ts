/** Messages that open, change and close channels. SV2 §5.3.2 to §5.3.10, §5.3.22. */

import { b0_32, b0_255, f32, seq0_64k, str0_255, u16, u32, u256 } from "./datatypes.ts";
import { defineMessage, type MessageDefinition } from "./message.ts";

/** user_identity is an unconstrained run of bytes; nominal_hash_rate is in hashes per second. */
export type OpenStandardMiningChannel = {
  readonly request_id: number;
  readonly user_identity: Uint8Array;
  readonly nominal_hash_rate: number;
  readonly max_target: Uint8Array;
};
export const OpenStandardMiningChannel: MessageDefinition<OpenStandardMiningChannel> = defineMessage({
  name: "OpenStandardMiningChannel",
  msgType: 0x10,
  channelMsg: false,
  fields: {
    request_id: u32,
    user_identity: b0_255,
    nominal_hash_rate: f32,
    max_target: u256,
  },
});

export type OpenStandardMiningChannelSuccess = {
  readonly request_id: number;
  readonly channel_id: number;
  readonly target: Uint8Array;
  readonly extranonce_prefix: Uint8Array;
  readonly group_channel_id: number;
};
export const OpenStandardMiningChannelSuccess: MessageDefinition<OpenStandardMiningChannelSuccess> = defineMessage({
  name: "OpenStandardMiningChannel.Success",
  msgType: 0x11,
  channelMsg: false,
  fields: {
    request_id: u32,
    channel_id: u32,
    target: u256,
    extranonce_prefix: b0_32,
    group_channel_id: u32,
  },
});

export type OpenMiningChannelError = {
  readonly request_id: number;
  readonly error_code: string;
};
export const OpenMiningChannelError: MessageDefinition<OpenMiningChannelError> = defineMessage({
  name: "OpenMiningChannel.Error",
  msgType: 0x12,
  channelMsg: false,
  fields: {
    request_id: u32,
    error_code: str0_255,
  },
});

export type OpenExtendedMiningChannel = {
  readonly request_id: number;
  readonly user_identity: Uint8Array;
  readonly nominal_hash_rate: number;
  readonly max_target: Uint8Array;
  readonly min_extranonce_size: number;
};
export const OpenExtendedMiningChannel: MessageDefinition<OpenExtendedMiningChannel> = defineMessage({
  name: "OpenExtendedMiningChannel",
  msgType: 0x13,
  channelMsg: false,
  fields: {
    request_id: u32,
    user_identity: b0_255,
    nominal_hash_rate: f32,
    max_target: u256,
    min_extranonce_size: u16,
  },
});

/** extranonce_size counts the bytes that the client may roll. */
export type OpenExtendedMiningChannelSuccess = {
  readonly request_id: number;
  readonly channel_id: number;
  readonly target: Uint8Array;
  readonly extranonce_size: number;
  readonly extranonce_prefix: Uint8Array;
  readonly group_channel_id: number;
};
export const OpenExtendedMiningChannelSuccess: MessageDefinition<OpenExtendedMiningChannelSuccess> = defineMessage({
  name: "OpenExtendedMiningChannel.Success",
  msgType: 0x14,
  channelMsg: false,
  fields: {
    request_id: u32,
    channel_id: u32,
    target: u256,
    extranonce_size: u16,
    extranonce_prefix: b0_32,
    group_channel_id: u32,
  },
});

export type UpdateChannel = {
  readonly channel_id: number;
  readonly nominal_hash_rate: number;
  readonly maximum_target: Uint8Array;
};
export const UpdateChannel: MessageDefinition<UpdateChannel> = defineMessage({
  name: "UpdateChannel",
  msgType: 0x16,
  channelMsg: true,
  fields: {
    channel_id: u32,
    nominal_hash_rate: f32,
    maximum_target: u256,
  },
});

export type UpdateChannelError = {
  readonly channel_id: number;
  readonly error_code: string;
};
export const UpdateChannelError: MessageDefinition<UpdateChannelError> = defineMessage({
  name: "UpdateChannel.Error",
  msgType: 0x17,
  channelMsg: true,
  fields: {
    channel_id: u32,
    error_code: str0_255,
  },
});

export type CloseChannel = {
  readonly channel_id: number;
  readonly reason_code: string;
};
export const CloseChannel: MessageDefinition<CloseChannel> = defineMessage({
  name: "CloseChannel",
  msgType: 0x18,
  channelMsg: true,
  fields: {
    channel_id: u32,
    reason_code: str0_255,
  },
});

export type SetExtranoncePrefix = {
  readonly channel_id: number;
  readonly extranonce_prefix: Uint8Array;
};
export const SetExtranoncePrefix: MessageDefinition<SetExtranoncePrefix> = defineMessage({
  name: "SetExtranoncePrefix",
  msgType: 0x19,
  channelMsg: true,
  fields: {
    channel_id: u32,
    extranonce_prefix: b0_32,
  },
});

export type SetGroupChannel = {
  readonly group_channel_id: number;
  readonly channel_ids: readonly number[];
};
export const SetGroupChannel: MessageDefinition<SetGroupChannel> = defineMessage({
  name: "SetGroupChannel",
  msgType: 0x25,
  channelMsg: false,
  fields: {
    group_channel_id: u32,
    channel_ids: seq0_64k(u32),
  },
});
