import { describe, expect, it } from "vitest";
import { Output } from "../../src/app/output.ts";

/** A terminal, as far as the tests need one: what its lines show after all that was written. */
class Screen {
  readonly isTTY = true;
  columns: number;
  readonly #lines = [""];
  #fail: (error: Error) => void = () => undefined;

  constructor(columns = 80) {
    this.columns = columns;
  }

  on(_: "error", listener: (error: Error) => void): void {
    this.#fail = listener;
  }

  fail(code: string): void {
    this.#fail(Object.assign(new Error(code), { code }));
  }

  write(text: string): void {
    for (const part of text.replaceAll("\r\u001b[K", "<clear>").split(/(<clear>|\n)/)) {
      const last = this.#lines.length - 1;
      if (part === "\n") this.#lines.push("");
      else if (part === "<clear>") this.#lines[last] = "";
      else this.#lines[last] += part;
    }
  }

  /** The last one is where the cursor is. */
  get lines(): readonly string[] {
    return this.#lines;
  }
}

describe("Standard output on a terminal", () => {
  it("shows progress in one place, and takes it away in the end", () => {
    const screen = new Screen();
    const output = new Output(screen);
    output.progress("one");
    output.progress("two, which is longer");
    output.progress("3");
    expect(screen.lines).toEqual(["3"]);
    output.endProgress();
    output.print("done");
    expect(screen.lines).toEqual(["done", ""]);
  });

  it("writes lines above the progress", () => {
    const screen = new Screen();
    const output = new Output(screen);
    output.print("first");
    output.progress("at work");
    output.print("second");
    output.print("third");
    expect(screen.lines).toEqual(["first", "second", "third", "at work"]);
  });

  it.each([
    [39, "x".repeat(39)],
    [40, `${"x".repeat(38)}…`],
    [100, `${"x".repeat(38)}…`],
  ])(
    "cuts a progress of %d characters to less than its 40 columns, so that it never takes two lines",
    (length, shown) => {
      const screen = new Screen(40);
      new Output(screen).progress("x".repeat(length));
      expect(screen.lines).toEqual([shown]);
    },
  );

  it("follows a terminal that becomes narrower", () => {
    const screen = new Screen(40);
    const output = new Output(screen);
    output.progress("x".repeat(30));
    screen.columns = 10;
    output.progress("x".repeat(30));
    expect(screen.lines).toEqual([`${"x".repeat(8)}…`]);
  });
});

describe("Standard output", () => {
  it("is no terminal where it is a file or a pipe", () => {
    const stream = { write: () => true, on: () => undefined };
    expect([new Output(stream).isTerminal, new Output(new Screen()).isTerminal]).toEqual([false, true]);
  });

  it("says when all was taken of what was printed", async () => {
    const taken: (() => void)[] = [];
    const stream = {
      on: () => undefined,
      write: (_: string, done?: () => void) => done !== undefined && taken.push(done),
    };
    const output = new Output(stream);
    output.print("a line");
    let isWritten = false;
    const written = output.written().then(() => {
      isWritten = true;
    });
    await Promise.resolve();
    expect(isWritten).toBe(false);
    for (const done of taken) done();
    await written;
  });

  it("tells when nobody reads it any more", async () => {
    const screen = new Screen();
    const output = new Output(screen);
    let isClosed = false;
    void output.closed.then(() => {
      isClosed = true;
    });
    await Promise.resolve();
    expect(isClosed).toBe(false);
    screen.fail("EPIPE");
    await output.closed;
  });
});
