import { Writable } from "node:stream";
import { describe, expect, it } from "vitest";
import type { LogLevel } from "../../src/app/config.ts";
import { createLogger, type RootLogger } from "../../src/app/logging.ts";
import type { Logger } from "../../src/core/logger.ts";

function written(options: { level?: LogLevel; format?: "pretty" | "json" }, write: (logger: Logger) => void): string[] {
  let text = "";
  const destination = new Writable({
    write: (chunk, _, done) => {
      text += String(chunk);
      done();
    },
  });
  write(createLogger({ level: "debug", format: "json", ...options }, destination));
  return text.trim().split("\n");
}

function all(logger: Logger): void {
  for (const level of ["debug", "info", "warn", "error"] as const) logger[level](`a ${level}`);
}

describe("a log for programs", () => {
  it("has a line of JSON for each message: level, time, what it is about, and nothing of the machine", () => {
    const [line = ""] = written({}, (logger) => logger.child({ source: "rpc" }).warn("it broke", { count: 3 }));
    const { time, ...rest } = JSON.parse(line);
    expect(rest).toEqual({ level: 40, source: "rpc", count: 3, msg: "it broke" });
    expect(Math.abs(Date.now() - time)).toBeLessThan(60_000);
  });

  it("says of an error what it is and where it came from", () => {
    const error = new TypeError("x is no function");
    const [line = "", text = ""] = written({}, (logger) => {
      logger.child({}).error("it failed", { error });
      logger.error("it failed", { error: "words" });
    });
    expect(JSON.parse(line).error).toBe(error.stack);
    expect(JSON.parse(line).error).toContain("TypeError: x is no function\n    at ");
    expect(JSON.parse(text).error).toBe("words");
  });

  it.each([
    ["debug", ["a debug", "a info", "a warn", "a error"]],
    ["info", ["a info", "a warn", "a error"]],
    ["warn", ["a warn", "a error"]],
    ["error", ["a error"]],
  ] as const)("of level %s has %j", (level, messages) => {
    expect(written({ level }, all).map((line) => JSON.parse(line).msg)).toEqual(messages);
  });
});

describe("a level that changes while the program runs", () => {
  it.each(["json", "pretty"] as const)("holds at once, for loggers that there are already too: %s", (format) => {
    const lines = written({ level: "warn", format }, (logger) => {
      const root = logger as RootLogger;
      const child = root.child({ connectionId: "7" }).child({ more: 1 });
      root.info("one");
      child.info("two");
      root.setLevel("debug");
      root.debug("three");
      child.debug("four");
      root.setLevel("error");
      root.warn("five");
      child.warn("six");
      child.error("seven");
    });
    expect(lines.map((line) => /three|four|seven|one|two|five|six/.exec(line)?.[0])).toEqual([
      "three",
      "four",
      "seven",
    ]);
    expect(lines[1]).toMatch(/"connectionId":"7","more":1/);
  });
});

describe("a log for people", () => {
  it("has a line for each message, without colours where it goes to no terminal", () => {
    const lines = written({ format: "pretty", level: "info" }, (logger) => {
      all(logger);
      logger.info("two", { height: 7 });
    });
    expect(lines).toHaveLength(4);
    expect(lines[0]).toMatch(/^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}\] INFO: a info$/);
    expect(lines[2]).toMatch(/ ERROR: a error$/);
    expect(lines[3]).toMatch(/ INFO: two \{"height":7\}$/);
  });

  it("says of an error what it is and where it came from", () => {
    const lines = written({ format: "pretty" }, (logger) =>
      logger.error("it failed", { error: new Error("why"), at: 7 }),
    );
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/ERROR: it failed \{"error":"Error: why.* at .*","at":7\}$/);
  });
});
