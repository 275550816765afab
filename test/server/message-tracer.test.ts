import { beforeEach, describe, expect, it } from "vitest";
import { MAX_TRACE_BYTES, MessageTracer } from "../../src/server/message-tracer.ts";
import type { Peer } from "../../src/server/peer-pattern.ts";
import type { FrameTrace } from "../../src/session/frame-trace.ts";
import { SetupConnection, SetupConnectionSuccess } from "../../src/wire/common-messages.ts";
import { encodeFrame, FRAME_HEADER_BYTES, type FrameHeader, readFrameHeader } from "../../src/wire/frame.ts";
import { SETUP } from "../session/session-fixture.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { RecordingLogger } from "../support/recording-logger.ts";

const PEER: Peer = { connectionId: "17", address: "10.0.0.1", port: 4021 };
const ANSWER = encodeFrame(SetupConnectionSuccess, { used_version: 2, flags: 0 });

let clock: ManualClock;
let logger: RecordingLogger;
let lines: string[];
let tracer: MessageTracer;
let writes: (line: string) => void;
beforeEach(() => {
  clock = new ManualClock();
  logger = new RecordingLogger();
  lines = [];
  writes = (line) => void lines.push(line);
  const sink = { name: "the file", write: (line: string) => writes(line) };
  tracer = new MessageTracer({ peers: [{ kind: "connection", connectionId: "17" }], sink }, { logger, clock });
});

function begun(): FrameTrace {
  const trace = tracer.of(PEER);
  if (trace === undefined) throw new Error("the peer is not traced");
  return trace;
}

function received(trace: FrameTrace, frame: Uint8Array): void {
  const header: FrameHeader = { extensionType: 0, channelMsg: false, msgType: 0, length: 0 };
  readFrameHeader(frame, 0, header);
  trace.received(header, frame.subarray(FRAME_HEADER_BYTES));
}

describe("the trace of a peer", () => {
  it("has a line for each message both ways, with time, connection and direction", () => {
    const trace = begun();
    received(trace, encodeFrame(SetupConnection, SETUP));
    clock.advance(1_500);
    trace.sent(ANSWER);
    const common = { connectionId: "17", address: "10.0.0.1" };
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { ...common, time: "2023-11-14T22:13:20.000Z", direction: "received", message: "SetupConnection", fields: SETUP },
      {
        ...common,
        time: "2023-11-14T22:13:21.500Z",
        direction: "sent",
        message: "SetupConnection.Success",
        fields: { used_version: 2, flags: 0 },
      },
    ]);
    expect(logger.lines).toEqual([
      { level: "info", message: "messages are traced", context: { ...common, to: "the file" } },
    ]);
  });

  it("has no character in a line that could break it", () => {
    received(begun(), encodeFrame(SetupConnection, { ...SETUP, vendor: "a\n\u001b[2J\u2028\u202eb" }));
    expect(lines).toHaveLength(1);
    expect(lines[0]).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    expect(JSON.parse(lines[0] ?? "").fields.vendor).toBe("a\n\u001b[2J\u2028\u202eb");
  });

  it("is of nobody else", () => {
    expect(tracer.of({ ...PEER, connectionId: "18" })).toBeUndefined();
    expect(logger.lines).toEqual([]);
  });

  it("ends once where it cannot be written, which is said; the pool goes on", () => {
    const trace = begun();
    writes = () => {
      throw new Error("ENOSPC: no space left on device");
    };
    trace.sent(ANSWER);
    writes = (line) => void lines.push(line);
    trace.sent(ANSWER);
    expect(lines).toEqual([]);
    expect(logger.of("the trace cannot be written and ends")).toEqual([
      { to: "the file", reason: "ENOSPC: no space left on device" },
    ]);
    expect(tracer.of(PEER)).toBeUndefined();
  });

  it("ends where it is full, over all connections, which is said once", () => {
    let bytes = 0;
    let count = 0;
    writes = (line) => {
      bytes += Buffer.byteLength(`${line}\n`);
      count += 1;
    };
    const trace = begun();
    const other = begun();
    // A character of three bytes, so that characters are not counted for bytes.
    const long = encodeFrame(SetupConnection, { ...SETUP, vendor: "矿".repeat(85), firmware: "矿".repeat(85) });
    received(trace, long);
    const each = bytes;
    const most = Math.floor(MAX_TRACE_BYTES / each);
    for (let line = 1; line < most; line += 1) received(line % 2 === 0 ? trace : other, long);
    expect(count).toBe(most);
    expect(logger.of("the trace is full and ends")).toEqual([]);
    for (let line = 0; line < 3; line += 1) received(trace, long);
    expect(count).toBe(most);
    expect(logger.of("the trace is full and ends")).toEqual([{ to: "the file", maxBytes: MAX_TRACE_BYTES }]);
    expect(tracer.of(PEER)).toBeUndefined();
  });
});
