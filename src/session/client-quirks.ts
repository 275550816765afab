/** What widespread clients do not do, though SV2 has it: known by the vendor in their SetupConnection. */

/** Firmware of the Bitaxe family: it goes on with the prefix that its channel was opened with. */
const KEEPS_EXTRANONCE_PREFIX = /^(?:bitaxe|nerd)/i;

/** Whether a client of that vendor heeds SetExtranoncePrefix (§5.3.10). */
export function takesExtranoncePrefix(vendor: string): boolean {
  return !KEEPS_EXTRANONCE_PREFIX.test(vendor);
}
