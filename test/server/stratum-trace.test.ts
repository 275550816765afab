import { expect, it } from "vitest";
import { MessageTracer } from "../../src/server/message-tracer.ts";
import { type Peer, parsePeerPatterns } from "../../src/server/peer-pattern.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { RecordingLogger } from "../support/recording-logger.ts";
import { StratumBench } from "./stratum-bench.ts";

function tracerOf(peers: string, lines: string[]): MessageTracer {
  const sink = { name: "test", write: (line: string) => void lines.push(line) };
  const context = { logger: new RecordingLogger(), clock: new ManualClock() };
  return new MessageTracer({ peers: parsePeerPatterns(peers) ?? [], sink }, context);
}

/** The connection and the message of each line. */
function shortly(lines: readonly string[]): string[] {
  return lines.map((line) => {
    const { connectionId, direction, message } = JSON.parse(line);
    return `${connectionId} ${direction} ${message}`;
  });
}

const ALL = [
  "received SetupConnection",
  "sent SetupConnection.Success",
  "received OpenStandardMiningChannel",
  "sent OpenStandardMiningChannel.Success",
  "sent NewMiningJob",
  "sent SetNewPrevHash",
];

it.each([
  ["a connection's id", "2"],
  ["an address", "127.0.0.9"],
])("a server shows the messages of the peer that %s names, and of no other", async (_what, peers) => {
  const lines: string[] = [];
  const bench = await StratumBench.start({ tracer: tracerOf(peers, lines) });
  await (await (await bench.join()).setUp()).open();
  await (await (await (await bench.join({ from: "127.0.0.9", encrypted: true })).ready()).setUp()).open();
  expect(shortly(lines)).toEqual(ALL.map((line) => `2 ${line}`));
});

it("a server knows a peer by its port too", async () => {
  const ports: unknown[] = [];
  const tracer = { of: ({ port }: Peer) => void ports.push(port) };
  const bench = await StratumBench.start({ tracer });
  const peer = await bench.join();
  expect(ports).toEqual([peer.socket.localPort]);
});
