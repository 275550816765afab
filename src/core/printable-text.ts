/** Text of a peer in lines that people read: no character of it can change what a terminal or another line shows. */

/** Controls, marks that are not seen or that reorder text, and what ends a line. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

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
