/** Every message that there is a definition of: who sends it, and which one a frame's header names. */

import {
  CloseChannel,
  OpenExtendedMiningChannel,
  OpenExtendedMiningChannelSuccess,
  OpenMiningChannelError,
  OpenStandardMiningChannel,
  OpenStandardMiningChannelSuccess,
  SetExtranoncePrefix,
  SetGroupChannel,
  UpdateChannel,
  UpdateChannelError,
} from "./channel-messages.ts";
import {
  ChannelEndpointChanged,
  Reconnect,
  SetupConnection,
  SetupConnectionError,
  SetupConnectionSuccess,
} from "./common-messages.ts";
import { RequestExtensions, RequestExtensionsError, RequestExtensionsSuccess } from "./extension-messages.ts";
import {
  NewExtendedMiningJob,
  NewMiningJob,
  SetCustomMiningJob,
  SetCustomMiningJobError,
  SetCustomMiningJobSuccess,
  SetNewPrevHash,
  SetTarget,
} from "./job-messages.ts";
import { type MessageDefinition, type MessageType, messageKey } from "./message.ts";
import {
  SubmitSharesError,
  SubmitSharesExtended,
  SubmitSharesStandard,
  SubmitSharesSuccess,
} from "./share-messages.ts";

// biome-ignore lint/suspicious/noExplicitAny: one table for messages of all types
export type AnyMessageDefinition = MessageDefinition<any>;

export const SENT_BY_CLIENTS: readonly AnyMessageDefinition[] = [
  SetupConnection,
  OpenStandardMiningChannel,
  OpenExtendedMiningChannel,
  UpdateChannel,
  SubmitSharesStandard,
  SubmitSharesExtended,
  SetCustomMiningJob,
  RequestExtensions,
];

export const SENT_BY_SERVERS: readonly AnyMessageDefinition[] = [
  SetupConnectionSuccess,
  SetupConnectionError,
  Reconnect,
  OpenStandardMiningChannelSuccess,
  OpenExtendedMiningChannelSuccess,
  OpenMiningChannelError,
  UpdateChannelError,
  SetExtranoncePrefix,
  SetGroupChannel,
  NewMiningJob,
  NewExtendedMiningJob,
  SetNewPrevHash,
  SetTarget,
  SetCustomMiningJobSuccess,
  SetCustomMiningJobError,
  SubmitSharesSuccess,
  SubmitSharesError,
  RequestExtensionsSuccess,
  RequestExtensionsError,
];

export const SENT_BY_BOTH: readonly AnyMessageDefinition[] = [ChannelEndpointChanged, CloseChannel];

const BY_NUMBER: ReadonlyMap<number, AnyMessageDefinition> = new Map(
  [...SENT_BY_CLIENTS, ...SENT_BY_SERVERS, ...SENT_BY_BOTH].map((definition) => [messageKey(definition), definition]),
);

/** The message that a frame with that header carries; undefined for one that is not known. */
export function definitionOf(header: MessageType): AnyMessageDefinition | undefined {
  return BY_NUMBER.get(messageKey(header));
}
