import { mkdtempSync, readdirSync, readFileSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { loadConfig } from "../../src/app/config.ts";
import { loadOrCreateKeys } from "../../src/app/key-store.ts";
import { serviceOptions } from "../../src/app/service-options.ts";
import { createMetricRegistry } from "../../src/core/metrics.ts";
import { SetupConnectionSuccess } from "../../src/wire/common-messages.ts";
import { encodeFrame } from "../../src/wire/frame.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { RecordingLogger } from "../support/recording-logger.ts";

const PEER = { connectionId: "5", address: "10.0.0.1", port: 1 };
const FRAME = encodeFrame(SetupConnectionSuccess, { used_version: 2, flags: 0 });

function tracerOf(dataDir: string, trace: string) {
  const flags = [
    { path: "data_dir", value: dataDir, flag: "--data-dir" },
    { path: "log.trace", value: trace, flag: "--trace" },
  ];
  const config = loadConfig({ flags, configFile: undefined, environment: {} });
  const parts = { logger: new RecordingLogger(), metrics: createMetricRegistry(), clock: new ManualClock() };
  const options = serviceOptions(
    { ...config, mining: { ...config.mining, workers: 0 } },
    loadOrCreateKeys(dataDir),
    parts,
  );
  const { tracer } = options.stratum;
  tracer?.lookAt(options.stratum.tracedPeers ?? []);
  return { tracer, logger: parts.logger };
}

function traces(folder: string): string[] {
  return readdirSync(folder).filter((name) => name.startsWith("trace-"));
}

it("--trace writes a peer's messages to a file in the data folder, which its owner alone can read", () => {
  const dataDir = mkdtempSync(join(tmpdir(), "adit-trace-"));
  const { tracer, logger } = tracerOf(dataDir, "5,[::1]:7");
  const trace = tracer?.of(PEER);
  expect(traces(dataDir)).toEqual([]);
  trace?.sent(FRAME);
  trace?.sent(FRAME);
  expect(traces(dataDir)).toEqual(["trace-2023-11-14T22-13-20.000Z.jsonl"]);
  const path = join(dataDir, "trace-2023-11-14T22-13-20.000Z.jsonl");
  expect(statSync(path).mode & 0o777).toBe(0o600);
  const lines = readFileSync(path, "utf8").split("\n");
  expect(lines).toHaveLength(3);
  expect(lines[2]).toBe("");
  expect(JSON.parse(lines[1] ?? "")).toMatchObject({ connectionId: "5", message: "SetupConnection.Success" });
  expect(logger.of("messages are traced")).toMatchObject([{ to: path }]);
  expect(tracer?.of({ ...PEER, connectionId: "6" })).toBeUndefined();
  tracer?.lookAt([]);
  trace?.sent(FRAME);
  expect(readFileSync(path, "utf8").split("\n")).toHaveLength(3);
});

it("without --trace no connection is looked at", () => {
  const dataDir = mkdtempSync(join(tmpdir(), "adit-trace-"));
  expect(tracerOf(dataDir, "").tracer?.of(PEER)).toBeUndefined();
  expect(traces(dataDir)).toEqual([]);
});

it("--trace with something else is refused, and names what is needed", () => {
  expect(() => tracerOf(mkdtempSync(join(tmpdir(), "adit-trace-")), "miner-7")).toThrow(
    '--trace: log.trace is "miner-7", but a list of connection ids and IP addresses, with or without a port and separated by commas, is needed',
  );
});
