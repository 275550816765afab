import { beforeEach, describe, expect, it } from "vitest";
import { OutOfBytesError } from "../../src/core/byte-reader.ts";
import { logEnd, logEvent } from "../../src/server/session-log.ts";
import type { EndReason, SessionEvent } from "../../src/session/session-events.ts";
import { RecordingLogger } from "../support/recording-logger.ts";

let logger: RecordingLogger;
beforeEach(() => {
  logger = new RecordingLogger();
});

const SETUP: SessionEvent = {
  kind: "setup",
  vendor: "bitaxe",
  hardwareVersion: "BM1370",
  firmware: "v2.9.0",
  flags: 1,
};

const EVENTS: readonly (readonly [SessionEvent, string, string])[] = [
  [{ kind: "transport", transport: "noise", cause: "length" }, "debug", "transport detected"],
  [SETUP, "info", "connection set up"],
  [{ kind: "setup-refused", errorCode: "unsupported-protocol", vendor: "bitaxe" }, "info", "setup refused"],
  [
    {
      kind: "channel-opened",
      channelId: 2,
      channelKind: "extended",
      userIdentity: "alice.rig",
      nominalHashrate: 1e12,
      difficulty: 1_000,
    },
    "info",
    "channel opened",
  ],
  [{ kind: "channel-refused", userIdentity: "alice", errorCode: "unknown-user" }, "info", "channel refused"],
  [{ kind: "channel-closed", channelId: 2, reasonCode: "bye" }, "info", "channel closed"],
  [{ kind: "share-before-channel", channelId: 0 }, "debug", "share before the first channel"],
  [{ kind: "unknown-message", extensionType: 0, msgType: 0x7e }, "debug", "unknown message ignored"],
];

describe("an event of a session", () => {
  it.each(EVENTS)("$kind is one line, with all that is known of it", (event, level, message) => {
    logEvent(logger, event);
    const { kind: _, ...context } = event;
    expect(logger.lines).toEqual([{ level, message, context }]);
  });
});

/** Each would change what is shown: a new line, an escape sequence in two forms, text from right to left, and marks that are not seen. */
const HOSTILE = [0x00, 0x07, 0x0a, 0x0d, 0x1b, 0x7f, 0x85, 0x9b, 0xad, 0x200b, 0x200e, 0x2028, 0x2029, 0x202e, 0x2066];

describe("what a peer says of itself", () => {
  const says = (text: string): readonly SessionEvent[] => [
    { ...SETUP, vendor: text },
    { ...SETUP, hardwareVersion: text },
    { ...SETUP, firmware: text },
    { kind: "setup-refused", errorCode: "unsupported-protocol", vendor: text },
    { kind: "channel-closed", channelId: 2, reasonCode: text },
  ];

  it.each(HOSTILE)("is shown with character %i as its code", (code) => {
    for (const event of says(`a${String.fromCodePoint(code, code)}b`)) {
      logger.lines.length = 0;
      logEvent(logger, event);
      const shown = `\\u{${code.toString(16)}}`;
      expect(Object.values(logger.lines[0]?.context ?? {})).toContain(`a${shown}${shown}b`);
    }
  });

  it("is shown as it is where it can be printed: markup, spaces, other scripts and what was no UTF-8", () => {
    const text = `<b onclick="x">S9 µ 矿机 ⛏ \u{1f600}\ufffd`;
    logEvent(logger, { ...SETUP, vendor: text });
    expect(logger.lines[0]?.context.vendor).toBe(text);
  });
});

describe("the end of a session", () => {
  it.each<EndReason>(["peer-closed", "handshake-timeout", "outbound-limit"])("%s is one line, at info", (reason) => {
    logEnd(logger, reason, undefined);
    expect(logger.lines).toEqual([{ level: "info", message: "connection ended", context: { reason } }]);
  });

  it("by the peer's bytes names the rule and its facts", () => {
    logEnd(logger, "protocol:truncated-data", new OutOfBytesError(10, 3));
    const [line] = logger.lines;
    expect(line).toMatchObject({ level: "info", message: "connection ended" });
    expect(line?.context).toMatchObject({ reason: "protocol:truncated-data", error: expect.stringMatching(/./) });
    expect(Object.values(line?.context ?? {})).toEqual(expect.arrayContaining([10, 3]));
  });

  it("by the network names what the system said", () => {
    logEnd(logger, "socket-error", new Error("read ECONNRESET"));
    expect(logger.lines[0]).toMatchObject({
      level: "info",
      context: { reason: "socket-error", error: "read ECONNRESET" },
    });
  });

  it.each([
    ["an error", new TypeError("x is undefined"), /TypeError: x is undefined\n\s+at /],
    ["anything else", "broken", /^broken$/],
  ])("by a fault of ours is an error with what is needed to find it, thrown as %s", (_what, error, stack) => {
    logEnd(logger, "internal-error", error);
    expect(logger.lines).toEqual([
      {
        level: "error",
        message: "connection ended by a fault of ours",
        context: { reason: "internal-error", stack: expect.stringMatching(stack) },
      },
    ]);
  });
});
