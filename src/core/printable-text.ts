/**
 * Text of others (a miner, a pool, a node) as people are shown it: no character of it can change what a terminal or another
 * line shows, and none is unseen. The one rule of which characters those are.
 */

/** Controls, marks that are not seen or that reorder text, and what ends a line. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** Whether the text has none of them. */
export function isPrintable(text: string): boolean {
  return text.search(UNPRINTABLE) === -1;
}

/** The text with each unprintable character as `\u{…}`, its code in hexadecimal. */
export function printableText(text: string): string {
  return text.replace(UNPRINTABLE, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);
}

/** The value as JSON on one line, with each unprintable character of its texts as JSON's own `\uXXXX`. */
export function printableJson(value: unknown): string {
  return JSON.stringify(value).replace(UNPRINTABLE, (character) => {
    let escaped = "";
    for (let index = 0; index < character.length; index += 1) {
      escaped += `\\u${character.charCodeAt(index).toString(16).padStart(4, "0")}`;
    }
    return escaped;
  });
}
