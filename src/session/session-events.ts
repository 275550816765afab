/** What a session tells its surroundings: for logs, counters and the status page. Plain values. */

import type { ClosedChannel, TargetChange } from "../mining/frame-sink.ts";
import type { ShareTotals } from "../mining/share-tally.ts";

export type TransportKind = "noise" | "plaintext";

/** Why a session ended; a code of docs/errors.md. */
export type EndReason =
  | "peer-closed"
  | "plaintext-refused"
  /** What the peer speaks in place of Stratum V2. */
  | "stratum-v1-peer"
  | "http-peer"
  | "tls-peer"
  | "handshake-timeout"
  | "setup-timeout"
  | "no-channel-timeout"
  | "setup-refused"
  | "share-queue-full"
  | "duplicates-full"
  | "payout-changed"
  | "extranonce-changed"
  | "outbound-limit"
  | "socket-error"
  | "shutdown"
  /** The code of the error that a message or a frame caused. */
  | `protocol:${string}`
  | "internal-error";

/** `connection`: nobody closed the channel, it ended with its connection. */
export type ClosedBy = "client" | "pool" | "connection";

export type SessionEvent =
  | { readonly kind: "transport"; readonly transport: TransportKind; readonly cause: string }
  | {
      readonly kind: "setup";
      readonly vendor: string;
      readonly hardwareVersion: string;
      readonly firmware: string;
      readonly flags: number;
    }
  | { readonly kind: "setup-refused"; readonly errorCode: string; readonly vendor: string; readonly firmware: string }
  | {
      readonly kind: "extensions-requested";
      readonly requested: readonly number[];
      readonly supported: readonly number[];
    }
  | {
      readonly kind: "channel-opened";
      readonly channelId: number;
      readonly channelKind: "standard" | "extended";
      readonly userIdentity: string;
      readonly nominalHashrate: number;
      readonly difficulty: number;
    }
  | {
      readonly kind: "channel-refused";
      readonly channelKind: "standard" | "extended";
      readonly userIdentity: string;
      readonly errorCode: string;
    }
  | {
      readonly kind: "channel-updated";
      readonly channelId: number;
      readonly nominalHashrate: number;
      readonly difficulty: number | undefined;
    }
  /** By difficulty control, by UpdateChannel, or by settings that changed. */
  | ({ readonly kind: "target-changed" } & TargetChange)
  | { readonly kind: "channel-update-refused"; readonly channelId: number; readonly errorCode: string }
  | {
      readonly kind: "channel-closed";
      readonly channelId: number;
      readonly channelKind: "standard" | "extended";
      readonly userIdentity: string;
      readonly by: ClosedBy;
      /** As CloseChannel had it; of a channel that ends with its connection, that one's reason. */
      readonly reasonCode: string;
      readonly acceptedShares: number;
      readonly rejectedShares: number;
    }
  | { readonly kind: "share-before-channel"; readonly channelId: number }
  | { readonly kind: "unknown-message"; readonly extensionType: number; readonly msgType: number };

/** What is known of a session that is over, beside the reason. */
export type SessionEnd = {
  /** What ended it, where something was thrown or reported. */
  readonly error: unknown;
  readonly openChannels: number;
  readonly shares: ShareTotals;
  /** What came, where it was not known yet what it is: less than a handshake has. */
  readonly undecided: Uint8Array;
};

export function channelClosed(
  channel: ClosedChannel,
  { by, reasonCode }: { readonly by: ClosedBy; readonly reasonCode: string },
): SessionEvent {
  const { channelId, kind: channelKind, userIdentity, tally } = channel;
  const { acceptedTotal: acceptedShares, rejectedTotal: rejectedShares } = tally;
  return {
    kind: "channel-closed",
    channelId,
    channelKind,
    userIdentity,
    by,
    reasonCode,
    acceptedShares,
    rejectedShares,
  };
}
