/**
 * Messages of extension 0x0001, by which a client asks for the extensions that it wants to use. Specification,
 * extensions/0x0001.
 */

import { seq0_64k, u16 } from "./datatypes.ts";
import { defineMessage, type MessageDefinition } from "./message.ts";

export const EXTENSIONS_NEGOTIATION = 0x0001;

/** Extensions that one message may name. Arbitrary: far more than there are. */
const MAX_NAMED_EXTENSIONS = 256;

const extensions = seq0_64k(u16, MAX_NAMED_EXTENSIONS);

export type RequestExtensions = {
  readonly request_id: number;
  readonly requested_extensions: readonly number[];
};
export const RequestExtensions: MessageDefinition<RequestExtensions> = defineMessage({
  name: "RequestExtensions",
  extensionType: EXTENSIONS_NEGOTIATION,
  msgType: 0x00,
  channelMsg: false,
  fields: { request_id: u16, requested_extensions: extensions },
});

export type RequestExtensionsSuccess = {
  readonly request_id: number;
  readonly supported_extensions: readonly number[];
};
export const RequestExtensionsSuccess: MessageDefinition<RequestExtensionsSuccess> = defineMessage({
  name: "RequestExtensions.Success",
  extensionType: EXTENSIONS_NEGOTIATION,
  msgType: 0x01,
  channelMsg: false,
  fields: { request_id: u16, supported_extensions: extensions },
});

export type RequestExtensionsError = {
  readonly request_id: number;
  readonly unsupported_extensions: readonly number[];
  readonly required_extensions: readonly number[];
};
export const RequestExtensionsError: MessageDefinition<RequestExtensionsError> = defineMessage({
  name: "RequestExtensions.Error",
  extensionType: EXTENSIONS_NEGOTIATION,
  msgType: 0x02,
  channelMsg: false,
  fields: { request_id: u16, unsupported_extensions: extensions, required_extensions: extensions },
});
