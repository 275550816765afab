/** Messages of the core protocols that only a server sends. One of them from a client ends its connection. */

import {
  OpenExtendedMiningChannelSuccess,
  OpenMiningChannelError,
  OpenStandardMiningChannelSuccess,
  SetExtranoncePrefix,
  SetGroupChannel,
  UpdateChannelError,
} from "../wire/channel-messages.ts";
import { Reconnect, SetupConnectionError, SetupConnectionSuccess } from "../wire/common-messages.ts";
import {
  NewExtendedMiningJob,
  NewMiningJob,
  SetCustomMiningJobError,
  SetCustomMiningJobSuccess,
  SetNewPrevHash,
  SetTarget,
} from "../wire/job-messages.ts";
import { SubmitSharesError, SubmitSharesSuccess } from "../wire/share-messages.ts";

export const SERVER_ONLY_MESSAGES: ReadonlySet<number> = new Set(
  [
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
  ].map(({ msgType }) => msgType),
);
