import { expect, it } from "vitest";
import { MessageTracer } from "../../src/server/message-tracer.ts";
import { type Peer, parsePeerPatterns } from "../../src/server/peer-pattern.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { RecordingLogger } from "../support/recording-logger.ts";
import { StratumBench } from "./stratum-bench.ts";

/** A tracer, and the lines of each of its sinks. */
function tracing(): { readonly tracer: MessageTracer; readonly sinks: string[][] } {
  const sinks: string[][] = [];
  const openSink = () => {
    const lines: string[] = [];
    sinks.push(lines);
    return { name: `sink ${sinks.length}`, write: (line: string) => void lines.push(line), close: () => undefined };
  };
  return {
    tracer: new MessageTracer({ openSink }, { logger: new RecordingLogger(), clock: new ManualClock() }),
    sinks,
  };
}

/** The connection and the message of each line. */
function shortly(lines: readonly string[] = []): string[] {
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
  const { tracer, sinks } = tracing();
  const bench = await StratumBench.start({ tracer, tracedPeers: parsePeerPatterns(peers) ?? [] });
  await (await (await bench.join()).setUp()).open();
  await (await (await (await bench.join({ from: "127.0.0.9", encrypted: true })).ready()).setUp()).open();
  expect(sinks.map(shortly)).toEqual([ALL.map((line) => `2 ${line}`)]);
});

it("a server that runs looks at other peers from then on, also at those that are connected", async () => {
  const { tracer, sinks } = tracing();
  const bench = await StratumBench.start({ tracer, tracedPeers: parsePeerPatterns("1") ?? [] });
  const settings = {
    plaintext: "private",
    maxConnections: 9,
    maxConnectionsPerAddress: 9,
    maxOutboundBytesPerConnection: 1 << 20,
  } as const;
  const lookAt = (peers: string): void =>
    bench.server.reconfigure({ ...settings, tracedPeers: parsePeerPatterns(peers) ?? [] });
  const one = await (await bench.join()).setUp();
  const other = await (await bench.join()).setUp();
  const [setUp, opening] = [ALL.slice(0, 2), ALL.slice(2)];
  lookAt("1");
  expect(sinks.map(shortly)).toEqual([setUp.map((line) => `1 ${line}`)]);
  lookAt("2,3");
  await one.open();
  await other.open();
  await (await bench.join()).setUp();
  expect(sinks).toHaveLength(2);
  expect(shortly(sinks[0])).toHaveLength(2);
  expect(shortly(sinks[1])).toEqual([...opening.map((line) => `2 ${line}`), ...setUp.map((line) => `3 ${line}`)]);
  const written = sinks[1]?.length;
  lookAt("");
  await other.open();
  bench.server.reconfigure(settings);
  expect([sinks.length, sinks[1]?.length]).toEqual([2, written]);
});

it("a server knows a peer by its port too", async () => {
  const ports: unknown[] = [];
  const tracer = { lookAt: () => false, of: ({ port }: Peer) => void ports.push(port) };
  const bench = await StratumBench.start({ tracer });
  const peer = await bench.join();
  expect(ports).toEqual([peer.socket.localPort]);
});
