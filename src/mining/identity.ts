/**
 * The user identity of a channel as text. On the wire it is an unconstrained run of bytes (SV2 §5.3.2); everything
 * behind the protocol handles it as a string that is safe in a log and distinct for distinct bytes.
 */

import { toHex } from "../core/bytes.ts";

const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** C0 and C1 controls, line and paragraph separators, and the marks that reorder text on a screen. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: finding control characters is the purpose
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/;

/**
 * The identity's text where its bytes are printable UTF-8, else `0x` and its hexadecimal. Text that begins with `0x`
 * is written in hexadecimal too, so that no two identities share a text.
 */
export function identityText(bytes: Uint8Array): string {
  try {
    const text = strictUtf8.decode(bytes);
    if (!UNPRINTABLE.test(text) && !text.startsWith("0x")) return text;
  } catch {
    // Not UTF-8: shown as hexadecimal below.
  }
  return `0x${toHex(bytes)}`;
}
