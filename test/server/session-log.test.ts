import { beforeEach, describe, expect, it } from "vitest";
import { OutOfBytesError } from "../../src/core/byte-reader.ts";
import { SessionLog } from "../../src/server/session-log.ts";
import type { EndReason, SessionEnd, SessionEvent } from "../../src/session/session-events.ts";
import { RecordingLogger } from "../support/recording-logger.ts";

const OPENED = { wallMs: 1_700_000_000_000, monotonicMs: 5_000 };
const ENDED = { wallMs: 0, monotonicMs: 5_000 + 61_234.4 };

let logger: RecordingLogger;
let log: SessionLog;
beforeEach(() => {
  logger = new RecordingLogger();
  log = new SessionLog(logger.child({ connectionId: "7", address: "10.0.0.1" }), OPENED);
});

const CONNECTION = { connectionId: "7", address: "10.0.0.1" };

const SETUP: SessionEvent = {
  kind: "setup",
  vendor: "bitaxe",
  hardwareVersion: "BM1370",
  firmware: "v2.9.0",
  flags: 1,
};

const CLOSED: SessionEvent = {
  kind: "channel-closed",
  channelId: 2,
  channelKind: "extended",
  userIdentity: "alice.rig",
  by: "client",
  reasonCode: "bye",
  acceptedShares: 12,
  rejectedShares: 3,
};

const EVENTS: readonly (readonly [SessionEvent, string, string])[] = [
  [SETUP, "info", "connection set up"],
  [
    { kind: "setup-refused", errorCode: "unsupported-protocol", vendor: "bitaxe", firmware: "1" },
    "info",
    "setup refused",
  ],
  [{ kind: "extensions-requested", requested: [2, 3], supported: [2] }, "debug", "extensions requested"],
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
  [
    { kind: "channel-refused", channelKind: "standard", userIdentity: "alice", errorCode: "unknown-user" },
    "info",
    "channel refused",
  ],
  [{ kind: "channel-updated", channelId: 2, nominalHashrate: 1e12, difficulty: 7 }, "debug", "channel updated"],
  [{ kind: "target-changed", channelId: 2, difficulty: 7, previousDifficulty: 3.5 }, "debug", "target changed"],
  [{ kind: "channel-update-refused", channelId: 2, errorCode: "invalid-channel-id" }, "info", "channel update refused"],
  [CLOSED, "info", "channel closed"],
  [{ kind: "share-before-channel", channelId: 0 }, "debug", "share before the first channel"],
  [{ kind: "unknown-message", extensionType: 0, msgType: 0x7e }, "debug", "unknown message ignored"],
];

describe("an event of a session", () => {
  it.each(EVENTS)("$kind is one line, with all that is known of it", (event, level, message) => {
    log.event(event);
    const { kind: _, ...context } = event;
    expect(logger.lines).toEqual([{ level, message, context: { ...CONNECTION, ...context } }]);
  });

  it("transport is one line, and has its cause under a name that says of what", () => {
    log.event({ kind: "transport", transport: "noise", cause: "length" });
    expect(logger.lines).toEqual([
      {
        level: "debug",
        message: "transport detected",
        context: { ...CONNECTION, transport: "noise", transportCause: "length" },
      },
    ]);
  });

  it.each(EVENTS)("$kind has in its line what was said of transport, vendor and firmware before", (event) => {
    log.event({ kind: "transport", transport: "noise", cause: "length" });
    log.event(SETUP);
    log.event(event);
    expect(logger.lines.at(-1)?.context).toMatchObject({
      transport: "noise",
      transportCause: "length",
      vendor: "bitaxe",
      firmware: event.kind === "setup-refused" ? event.firmware : "v2.9.0",
    });
  });
});

describe("what a peer says of itself", () => {
  const BREAKING = "a\n\u001b[2Jb\u202e";
  const says = (text: string): readonly SessionEvent[] => [
    { ...SETUP, vendor: text },
    { ...SETUP, hardwareVersion: text },
    { ...SETUP, firmware: text },
    { kind: "setup-refused", errorCode: "unsupported-protocol", vendor: text, firmware: "" },
    { kind: "setup-refused", errorCode: "unsupported-protocol", vendor: "", firmware: text },
    { ...CLOSED, reasonCode: text },
  ];

  it("cannot change what else is shown, in its own line or a later one", () => {
    for (const event of says(BREAKING)) {
      logger.lines.length = 0;
      log.event(event);
      log.event({ kind: "share-before-channel", channelId: 0 });
      expect(Object.values(logger.lines[0]?.context ?? {})).toContain("a\\u{a}\\u{1b}[2Jb\\u{202e}");
      expect(JSON.stringify(logger.lines)).not.toContain(JSON.stringify(BREAKING));
    }
  });
});

const END: SessionEnd = {
  error: undefined,
  openChannels: 0,
  shares: { acceptedTotal: 0, rejectedTotal: 0 },
  undecided: new Uint8Array(0),
};
const NOTHING = { livedSeconds: 61.234, openChannels: 0, acceptedShares: 0, rejectedShares: 0 };

describe("the end of a session", () => {
  it.each<EndReason>(["peer-closed", "handshake-timeout", "outbound-limit", "stratum-v1-peer"])(
    "%s is one line, at info",
    (reason) => {
      log.end(reason, END, ENDED);
      expect(logger.lines).toEqual([
        { level: "info", message: "connection ended", context: { ...CONNECTION, reason, ...NOTHING } },
      ]);
    },
  );

  it("says how long it lived, what was open, what became of its shares, and who it was", () => {
    log.event({ kind: "transport", transport: "plaintext", cause: "setup-connection" });
    log.event(SETUP);
    log.end("peer-closed", { ...END, openChannels: 3, shares: { acceptedTotal: 12, rejectedTotal: 5 } }, ENDED);
    expect(logger.of("connection ended")).toEqual([
      {
        ...CONNECTION,
        reason: "peer-closed",
        transport: "plaintext",
        transportCause: "setup-connection",
        vendor: "bitaxe",
        firmware: "v2.9.0",
        livedSeconds: 61.234,
        openChannels: 3,
        acceptedShares: 12,
        rejectedShares: 5,
      },
    ]);
  });

  it("shows the first sixteen bytes of a peer that never said what it is", () => {
    log.end("handshake-timeout", { ...END, undecided: new Uint8Array(20).fill(0xab) }, ENDED);
    expect(logger.lines[0]?.context.firstBytes).toBe("ab".repeat(16));
  });

  it("by the peer's bytes names the rule and its facts", () => {
    log.end("protocol:truncated-data", { ...END, error: new OutOfBytesError(10, 3) }, ENDED);
    const [line] = logger.lines;
    expect(line).toMatchObject({ level: "info", message: "connection ended" });
    expect(line?.context).toMatchObject({ reason: "protocol:truncated-data", error: expect.stringMatching(/./) });
    expect(Object.values(line?.context ?? {})).toEqual(expect.arrayContaining([10, 3]));
  });

  it("by the network names what the system said", () => {
    log.end("socket-error", { ...END, error: new Error("read ECONNRESET") }, ENDED);
    expect(logger.lines[0]).toMatchObject({
      level: "info",
      context: { reason: "socket-error", error: "read ECONNRESET" },
    });
  });

  it.each([
    ["an error", new TypeError("x is undefined"), /TypeError: x is undefined\n\s+at /],
    ["anything else", "broken", /^broken$/],
  ])("by a fault of ours is an error with what is needed to find it, thrown as %s", (_what, error, stack) => {
    log.end("internal-error", { ...END, error }, ENDED);
    expect(logger.lines).toEqual([
      {
        level: "error",
        message: "connection ended by a fault of ours",
        context: { ...CONNECTION, reason: "internal-error", ...NOTHING, stack: expect.stringMatching(stack) },
      },
    ]);
  });
});
