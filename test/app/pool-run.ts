/** A pool in the test's process, from its configuration on. */

import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { type LoadedValues, type LogLevel, loadValues, toConfig } from "../../src/app/config.ts";
import { createLogger } from "../../src/app/logging.ts";
import { runPool } from "../../src/app/pool.ts";
import { type PoolAddress, parsePoolUrl } from "../../src/noise/pool-url.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { until } from "../support/wait.ts";

/** On a clock held by the test. */
export class PoolRun {
  readonly clock = new ManualClock();
  readonly dataDir = mkdtempSync(join(tmpdir(), "adit-pool-"));
  readonly printed: string[] = [];
  logged = "";
  stop: () => void = () => undefined;
  /** As SIGHUP does. */
  reload: () => void = () => undefined;
  readonly ended: Promise<number>;

  /** @param file the configuration file in its data folder. */
  constructor(environment: Readonly<Record<string, string>>, file?: string) {
    if (file !== undefined) this.write(file);
    const all = {
      STRATUM__STRATUM_V2_LISTEN: "127.0.0.1:0",
      DATA_DIR: this.dataDir,
      MINING__WORKERS: "0",
      ...environment,
    };
    const prefixed = Object.fromEntries(Object.entries(all).map(([name, value]) => [`ADIT_${name}`, value]));
    const load = (): LoadedValues => loadValues({ flags: [], configFile: undefined, environment: prefixed });
    const loaded = load();
    const stopSignal = new Promise<string>((resolve) => {
      this.stop = () => resolve("SIGTERM");
    });
    const log = new Writable({
      write: (chunk, _, done) => {
        this.logged += String(chunk);
        done();
      },
    });
    const config = toConfig(loaded.values);
    const logger = createLogger({ level: "debug", format: "json" }, log);
    const print = (line: string): void => void this.printed.push(line);
    const reloading = {
      loaded,
      load,
      setLevel: (level: LogLevel) => logger.setLevel(level),
      onRequest: (listener: () => void) => {
        this.reload = listener;
      },
    };
    this.ended = runPool(config, { logger, clock: this.clock, print, stopSignal, reloading });
    // Looked at by the tests that expect it; no other leaves it unhandled.
    this.ended.catch(() => undefined);
  }

  /** Writes its configuration file. */
  write(file: string): void {
    mkdirSync(join(this.dataDir, "config"), { recursive: true });
    writeFileSync(join(this.dataDir, "config", "config.toml"), file);
  }

  /** Lines of that message so far. */
  lines(message: string): Record<string, unknown>[] {
    const all = this.logged.trim().split("\n");
    return all.map((line) => JSON.parse(line || "{}")).filter(({ msg }) => msg === message);
  }

  async url(): Promise<PoolAddress> {
    await until("the pool printed its URL", () => this.printed.length > 0);
    return parsePoolUrl(this.printed[0] ?? "");
  }

  /** Resolves with the lines of that message, once there is one. */
  async said(message: string): Promise<Record<string, unknown>[]> {
    await until(`it says "${message}"`, () => this.lines(message).length > 0);
    return this.lines(message);
  }
}
