/** What widespread clients do not do, though SV2 has it: known by the vendor in their SetupConnection. */

/**
 * Firmware of the Bitaxe family: it knows work, targets and answers to shares. It goes on with the prefix that its
 * channel was opened with, and with a channel that was closed. NerdQAxe's names the board: most of them `Nerd…`, but also
 * Q1370 and Q1373. Its newer releases heed SetExtranoncePrefix, but nothing tells them from the older ones, since they
 * leave `firmware` empty: to those that could take a new prefix a closed connection costs a handshake, while those that
 * cannot would have every share rejected from then on.
 */
const BITAXE_FAMILY = /^(?:bitaxe|nerd|q\d{4}$)/i;

/** Whether a client of that vendor heeds SetExtranoncePrefix (§5.3.10). */
export function takesExtranoncePrefix(vendor: string): boolean {
  return !BITAXE_FAMILY.test(vendor);
}

/**
 * Whether a client heeds CloseChannel (§5.3.9). The Rust reference's mining device ends for good when one comes: it names
 * no vendor and takes standard jobs only, which of those without a name no proxy does.
 */
export function heedsCloseChannel(vendor: string, requiresStandardJobs: boolean): boolean {
  return !BITAXE_FAMILY.test(vendor) && !(requiresStandardJobs && vendor.trim() === "");
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
