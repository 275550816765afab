/** Messages that all protocols of SV2 have in common. §3.6. */

import { str0_255, u8, u16, u32 } from "./datatypes.ts";
import { defineMessage, type MessageDefinition } from "./message.ts";

export type SetupConnection = {
  readonly protocol: number;
  readonly min_version: number;
  readonly max_version: number;
  readonly flags: number;
  readonly endpoint_host: string;
  readonly endpoint_port: number;
  readonly vendor: string;
  readonly hardware_version: string;
  readonly firmware: string;
  readonly device_id: string;
};
export const SetupConnection: MessageDefinition<SetupConnection> = defineMessage({
  name: "SetupConnection",
  msgType: 0x00,
  channelMsg: false,
  fields: {
    protocol: u8,
    min_version: u16,
    max_version: u16,
    flags: u32,
    endpoint_host: str0_255,
    endpoint_port: u16,
    vendor: str0_255,
    hardware_version: str0_255,
    firmware: str0_255,
    device_id: str0_255,
  },
});

export type SetupConnectionSuccess = { readonly used_version: number; readonly flags: number };
export const SetupConnectionSuccess: MessageDefinition<SetupConnectionSuccess> = defineMessage({
  name: "SetupConnection.Success",
  msgType: 0x01,
  channelMsg: false,
  fields: { used_version: u16, flags: u32 },
});

export type SetupConnectionError = { readonly flags: number; readonly error_code: string };
export const SetupConnectionError: MessageDefinition<SetupConnectionError> = defineMessage({
  name: "SetupConnection.Error",
  msgType: 0x02,
  channelMsg: false,
  fields: { flags: u32, error_code: str0_255 },
});

export type ChannelEndpointChanged = { readonly channel_id: number };
export const ChannelEndpointChanged: MessageDefinition<ChannelEndpointChanged> = defineMessage({
  name: "ChannelEndpointChanged",
  msgType: 0x03,
  channelMsg: true,
  fields: { channel_id: u32 },
});

export type Reconnect = { readonly new_host: string; readonly new_port: number };
export const Reconnect: MessageDefinition<Reconnect> = defineMessage({
  name: "Reconnect",
  msgType: 0x04,
  channelMsg: false,
  fields: { new_host: str0_255, new_port: u16 },
});
