/** What widespread clients do not do, though SV2 has it: known by the vendor in their SetupConnection. */

/** Firmware of the Bitaxe family: it goes on with the prefix that its channel was opened with. */
const KEEPS_EXTRANONCE_PREFIX = /^(?:bitaxe|nerd)/i;

/** Whether a client of that vendor heeds SetExtranoncePrefix (§5.3.10). */
export function takesExtranoncePrefix(vendor: string): boolean {
  return !KEEPS_EXTRANONCE_PREFIX.test(vendor);
}

/**
 * The Rust reference's proxies and its mining device end for good when a Reconnect comes. Newer ones name themselves,
 * older ones and what was made of them say nothing at all of their vendor. To those the closed connection says enough.
 */
const ABORT_ON_RECONNECT: ReadonlySet<string> = new Set(["sri", ""]);

/** Whether a client of that vendor can be sent to another host by Reconnect (§3.6.5). */
export function understandsReconnect(vendor: string): boolean {
  return !ABORT_ON_RECONNECT.has(vendor.trim().toLowerCase());
}
