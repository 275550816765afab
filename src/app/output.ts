/** Standard output: whole lines, and on a terminal a line at the bottom that is shown in place of the one before. */

export type OutputStream = {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string, done?: () => void): unknown;
  on(event: "error", listener: (error: Error) => void): unknown;
};

/** Back to the line's first column, and away with what stands there. */
const CLEAR = "\r\u001b[K";

export class Output {
  /** Resolves when nobody reads any more: `adit miner … | head -1`. */
  readonly closed: Promise<void>;
  readonly #stream: OutputStream;
  /** What stands on the bottom line; empty: nothing. */
  #bottom = "";

  constructor(stream: OutputStream) {
    this.#stream = stream;
    this.closed = new Promise((resolve) => stream.on("error", () => resolve()));
  }

  get isTerminal(): boolean {
    return this.#stream.isTTY === true;
  }

  /** Writes a line, above the bottom one. */
  print(line: string): void {
    if (this.#bottom === "") this.#stream.write(`${line}\n`);
    else this.#stream.write(`${CLEAR}${line}\n${this.#bottom}`);
  }

  /** Shows `line` at the bottom, cut to the terminal's width: a longer one could not be taken away again. */
  progress(line: string): void {
    const { columns = 80 } = this.#stream;
    this.#bottom = line.length < columns ? line : `${line.slice(0, Math.max(0, columns - 2))}…`;
    this.#stream.write(`${CLEAR}${this.#bottom}`);
  }

  /** Resolves when all of it was taken, or nobody reads any more: a pipe takes only so much at once. */
  written(): Promise<void> {
    return new Promise((resolve) => this.#stream.write("", () => resolve()));
  }

  /** Takes the bottom line away. */
  endProgress(): void {
    if (this.#bottom !== "") this.#stream.write(CLEAR);
    this.#bottom = "";
  }
}
