/**
 * The user identity of a channel as text. On the wire it is an unconstrained run of bytes (SV2 §5.3.2); everything
 * behind the protocol handles it as a string that is safe in a log and distinct for distinct bytes.
 */

import { toHex } from "../core/bytes.ts";
import { isPrintable } from "../core/printable-text.ts";

const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * The identity's text where its bytes are printable UTF-8, else `0x` and its hexadecimal. Text that begins with `0x`
 * is written in hexadecimal too, so that no two identities share a text.
 */
export function identityText(bytes: Uint8Array): string {
  try {
    const text = strictUtf8.decode(bytes);
    if (isPrintable(text) && !text.startsWith("0x")) return text;
  } catch {
    // Not UTF-8: shown as hexadecimal below.
  }
  return `0x${toHex(bytes)}`;
}
