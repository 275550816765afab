/** What a session tells its surroundings: for logs, counters and the status page. Plain values. */

export type TransportKind = "noise" | "plaintext";

/** Why a session ended; a code of docs/errors.md. */
export type EndReason =
  | "peer-closed"
  | "plaintext-refused"
  | "handshake-timeout"
  | "setup-timeout"
  | "no-channel-timeout"
  | "setup-refused"
  | "share-queue-full"
  | "duplicates-full"
  | "extranonce-changed"
  | "outbound-limit"
  | "socket-error"
  | "shutdown"
  /** The code of the error that a message or a frame caused. */
  | `protocol:${string}`
  | "internal-error";

export type SessionEvent =
  | { readonly kind: "transport"; readonly transport: TransportKind; readonly cause: string }
  | {
      readonly kind: "setup";
      readonly vendor: string;
      readonly hardwareVersion: string;
      readonly firmware: string;
      readonly flags: number;
    }
  | { readonly kind: "setup-refused"; readonly errorCode: string; readonly vendor: string }
  | {
      readonly kind: "channel-opened";
      readonly channelId: number;
      readonly channelKind: "standard" | "extended";
      readonly userIdentity: string;
      readonly nominalHashrate: number;
      readonly difficulty: number;
    }
  | { readonly kind: "channel-refused"; readonly userIdentity: string; readonly errorCode: string }
  | { readonly kind: "channel-closed"; readonly channelId: number; readonly reasonCode: string }
  | { readonly kind: "share-before-channel"; readonly channelId: number }
  | { readonly kind: "unknown-message"; readonly extensionType: number; readonly msgType: number };
