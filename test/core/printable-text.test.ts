import { describe, expect, it } from "vitest";
import { isPrintable, printableJson, printableText } from "../../src/core/printable-text.ts";

/** Each would change what is shown: new lines, escape sequences, text from right to left, marks that are not seen. */
const HOSTILE = [
  0x00, 0x07, 0x0a, 0x0d, 0x1b, 0x7f, 0x85, 0x9b, 0xad, 0x200b, 0x200e, 0x2028, 0x2029, 0x202e, 0x2066, 0xe0001,
];
const HARMLESS = `<b onclick="x">S9 µ 矿机 ⛏ \u{1f600}\ufffd \\`;

describe("text of a peer", () => {
  it.each(HOSTILE)("is shown with character %i as its code", (code) => {
    const character = String.fromCodePoint(code);
    const shown = `\\u{${code.toString(16)}}`;
    expect(printableText(`a${character}${character}b`)).toBe(`a${shown}${shown}b`);
  });

  it.each(HOSTILE)("is on one line of JSON with character %i escaped, and is the same when that is read", (code) => {
    const value = { vendor: `a${String.fromCodePoint(code)}b` };
    const line = printableJson(value);
    expect(line).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    expect(JSON.parse(line)).toEqual(value);
  });

  it.each(HOSTILE)("is known not to be printable with character %i", (code) => {
    const text = `a${String.fromCodePoint(code)}b`;
    // Twice: nothing is remembered of the text before.
    expect([isPrintable(text), isPrintable(text)]).toEqual([false, false]);
  });

  it("is shown as it is where it can be printed", () => {
    expect(isPrintable(HARMLESS)).toBe(true);
    expect(printableText(HARMLESS)).toBe(HARMLESS);
    expect(printableJson({ vendor: HARMLESS })).toBe(JSON.stringify({ vendor: HARMLESS }));
  });
});
