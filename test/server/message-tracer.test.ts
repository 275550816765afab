import { beforeEach, describe, expect, it } from "vitest";
import { MAX_TRACE_BYTES, MessageTracer } from "../../src/server/message-tracer.ts";
import type { Peer, PeerPattern } from "../../src/server/peer-pattern.ts";
import type { FrameTrace } from "../../src/session/frame-trace.ts";
import { SetupConnection, SetupConnectionSuccess } from "../../src/wire/common-messages.ts";
import { WireError } from "../../src/wire/errors.ts";
import { encodeFrame, FRAME_HEADER_BYTES, type FrameHeader, readFrameHeader } from "../../src/wire/frame.ts";
import { SETUP } from "../session/session-fixture.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { RecordingLogger } from "../support/recording-logger.ts";

const PEER: Peer = { connectionId: "17", address: "10.0.0.1", port: 4021 };
const SEVENTEEN: PeerPattern = { kind: "connection", connectionId: "17" };
const ANSWER = encodeFrame(SetupConnectionSuccess, { used_version: 2, flags: 0 });

let clock: ManualClock;
let logger: RecordingLogger;
let lines: string[];
let tracer: MessageTracer;
let closed: string[];
let writes: (line: string) => void;
beforeEach(() => {
  clock = new ManualClock();
  logger = new RecordingLogger();
  lines = [];
  writes = (line) => void lines.push(line);
  closed = [];
  let opened = 0;
  const openSink = () => {
    opened += 1;
    const name = `file ${opened}`;
    return { name, write: (line: string) => writes(line), close: () => void closed.push(name) };
  };
  tracer = new MessageTracer({ openSink }, { logger, clock });
  tracer.lookAt([SEVENTEEN]);
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
      { level: "info", message: "messages are traced", context: { ...common, to: "file 1" } },
    ]);
  });

  it("has a last line with the reason of the connection's end, and the error that is behind it", () => {
    const trace = begun();
    const details = { extensionType: 0, msgType: 0x1a, length: 70_000 };
    trace.ended("protocol:frame-too-long", new WireError("frame-too-long", "a frame is too long", details));
    trace.ended("socket-error", new Error("read ECONNRESET"));
    trace.ended("peer-closed", undefined);
    const common = { time: "2023-11-14T22:13:20.000Z", connectionId: "17", address: "10.0.0.1", direction: "ended" };
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      { ...common, reason: "protocol:frame-too-long", error: "a frame is too long", details },
      { ...common, reason: "socket-error", error: "read ECONNRESET" },
      { ...common, reason: "peer-closed" },
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
      { to: "file 1", reason: "ENOSPC: no space left on device" },
    ]);
    expect(tracer.of(PEER)).toBeUndefined();
    expect(closed).toEqual(["file 1"]);
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
    expect(logger.of("the trace is full and ends")).toEqual([{ to: "file 1", maxBytes: MAX_TRACE_BYTES }]);
    expect(tracer.of(PEER)).toBeUndefined();
    expect(closed).toEqual(["file 1"]);
  });
});

describe("a tracer that is to look at others", () => {
  it("looks at nobody before it is told", () => {
    const unused = { name: "none", write: () => undefined, close: () => undefined };
    expect(new MessageTracer({ openSink: () => unused }, { logger, clock }).of(PEER)).toBeUndefined();
  });

  it("goes on with another sink, and closes that of before, to which nothing is written any more", () => {
    const before = begun();
    expect(tracer.lookAt([SEVENTEEN, { kind: "address", address: "10.0.0.2", port: undefined }])).toBe(true);
    expect(closed).toEqual(["file 1"]);
    before.sent(ANSWER);
    expect(lines).toEqual([]);
    begun().sent(ANSWER);
    expect(lines).toHaveLength(1);
    expect(logger.of("messages are traced").map(({ to }) => to)).toEqual(["file 1", "file 2"]);
  });

  it("changes nothing where they are the same", () => {
    const before = begun();
    expect(tracer.lookAt([{ ...SEVENTEEN }])).toBe(false);
    before.sent(ANSWER);
    expect([lines.length, closed.length]).toEqual([1, 0]);
  });

  it("ends where it is to look at nobody", () => {
    expect(tracer.lookAt([])).toBe(true);
    expect(closed).toEqual(["file 1"]);
    expect(tracer.of(PEER)).toBeUndefined();
  });

  it("begins again after one that could not be written, nor closed", () => {
    const failing = {
      name: "bad",
      write: () => {
        throw new Error("ENOSPC");
      },
      close: () => {
        throw new Error("EIO");
      },
    };
    const good = { name: "good", write: (line: string) => void lines.push(line), close: () => undefined };
    const sinks = [failing, good];
    tracer = new MessageTracer({ openSink: () => sinks.shift() ?? good }, { logger, clock });
    tracer.lookAt([SEVENTEEN]);
    begun().sent(ANSWER);
    expect(tracer.lookAt([SEVENTEEN, SEVENTEEN])).toBe(true);
    begun().sent(ANSWER);
    expect(lines).toHaveLength(1);
  });
});
