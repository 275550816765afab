/** Tables of plain text: columns that stand under each other, in lines that are not wider than they may be. */

export type Column = {
  readonly title: string;
  readonly align: "left" | "right";
  /** Whether its texts are cut where the table would be too wide; of one column at most. */
  readonly canBeCut?: true;
};

const GAP = "  ";

/** A column that is cut keeps so much of its texts, whatever the others need. Arbitrary: an address is known by it. */
const LEAST_WIDTH = 8;

/** @param widest that a line may be, in places of a terminal. @returns the titles and a line for each row. */
export function columnLines(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  widest: number,
): string[] {
  const cells = [columns.map(({ title }) => title), ...rows];
  const widths = columns.map((_, index) => Math.max(...cells.map((row) => widthOf(row[index] ?? ""))));
  const surplus = widths.reduce((sum, width) => sum + width + GAP.length, -GAP.length) - widest;
  const allowed = widths.map((width, index) =>
    columns[index]?.canBeCut && surplus > 0 ? Math.max(LEAST_WIDTH, width - surplus) : width,
  );
  return cells.map((row) =>
    columns
      .map(({ align }, index) =>
        padded(cut(row[index] ?? "", allowed[index] ?? 0), { align, width: allowed[index] ?? 0 }),
      )
      .join(GAP)
      .trimEnd(),
  );
}

function padded(text: string, { align, width }: { readonly align: "left" | "right"; readonly width: number }): string {
  const space = " ".repeat(Math.max(0, width - widthOf(text)));
  return align === "left" ? text + space : space + text;
}

/** The text, or as much of it as `width` places hold, with a … at its end. */
export function cut(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  let taken = "";
  let room = width - 1;
  for (const character of text) {
    room -= placesOf(character);
    if (room < 0) break;
    taken += character;
  }
  return `${taken}…`;
}

/** Places of a terminal that a text takes, or more: each mark that is set upon a letter counts, so that no pile of them is long. */
function widthOf(text: string): number {
  let width = 0;
  for (const character of text) width += placesOf(character);
  return width;
}

/** Letters of East Asia, and pictures. */
const WIDE =
  /[\u1100-\u115f\u231a\u231b\u2329\u232a\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{16fe0}-\u{18dff}\u{1aff0}-\u{1b2ff}\u{1f004}-\u{1faff}\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}/u;

function placesOf(character: string): number {
  return WIDE.test(character) ? 2 : 1;
}
