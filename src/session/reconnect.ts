/** Which clients are sent to another host, when the pool leaves. SV2 §3.6.5. */

/** Where else the pool can be reached. */
export type OtherHost = {
  /** A name or an IP address, without brackets; at most 255 bytes. */
  readonly host: string;
  /** 1 to 65,535. */
  readonly port: number;
};

/**
 * The Rust reference's proxies and its mining device end for good when a Reconnect comes. Newer ones name themselves,
 * older ones and what was made of them say nothing at all of their vendor. To those the closed connection says enough.
 */
const ABORT_ON_RECONNECT: ReadonlySet<string> = new Set(["sri", ""]);

/** @param vendor of SetupConnection. */
export function understandsReconnect(vendor: string): boolean {
  return !ABORT_ON_RECONNECT.has(vendor.trim().toLowerCase());
}
