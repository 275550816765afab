/**
 * The CPU miner: mines on one channel of one pool with all its threads, comes back after a lost connection, and shows
 * how it goes. What the command line offers is in `app/`.
 */

import { difficultyOfTarget, targetFromBytes } from "../bitcoin/target.ts";
import { compareLittleEndian256, reversed, toHex } from "../core/bytes.ts";
import { type Clock, systemClock, type Timer } from "../core/clock.ts";
import type { Logger } from "../core/logger.ts";
import { NoiseError } from "../noise/errors.ts";
import { parsePoolUrl } from "../noise/pool-url.ts";
import { createNonceScanner } from "../sharecore/index.ts";
import { ClientError } from "./errors.ts";
import { HashingThreads } from "./hashing-threads.ts";
import { type MinerStats, progressLine } from "./miner-stats.ts";
import { MiningClient } from "./mining-client.ts";
import { PoolConnection } from "./pool-connection.ts";
import { hashOfUnit, type WorkUnit } from "./work.ts";

export type MinerOptions = {
  /** `stratum2+tcp://HOST:PORT/KEY` */
  readonly url: string;
  readonly user: string;
  readonly channel: "standard" | "extended";
  /** 1 or more. */
  readonly threads: number;
  /** Stop after so many accepted shares; undefined: never. */
  readonly shares: number | undefined;
  readonly plaintext: boolean;
  readonly json: boolean;
  /** Announced hashes per second; undefined: measured. */
  readonly hashrate: number | undefined;
};

export type MinerContext = {
  readonly logger: Logger;
  /** Writes a line to standard output. */
  print(line: string): void;
  /** Standard output is a terminal, where `progress` rewrites its line. */
  readonly isTerminal: boolean;
  /** Shows `line` in place of the one shown before. Called only where `isTerminal`. */
  progress(line: string): void;
  readonly stopSignal: Promise<string>;
  readonly clock?: Clock;
};

/** How often progress is shown: on a terminal in place, elsewhere as a line of its own now and then. */
const PROGRESS_MS = 1_000;
const LINE_EVERY = 10;

/** Waits between attempts to come back: the first, and the longest after doublings. */
const FIRST_RECONNECT_MS = 1_000;
const LONGEST_RECONNECT_MS = 30_000;

/** Nonces that are tried to measure the hashrate: a fraction of a second. */
const MEASURED_NONCES = 1 << 19;

/** Hashes per second of one thread, measured on a header of zeros. */
export function measureHashrate(clock: Clock): number {
  const scanner = createNonceScanner();
  scanner.init(new Uint8Array(80), new Uint8Array(32));
  const startMs = clock.monotonicMs();
  scanner.scan(0, MEASURED_NONCES);
  return MEASURED_NONCES / ((clock.monotonicMs() - startMs) / 1000);
}

/**
 * Mines until `shares` are accepted or `stopSignal` resolves.
 * @returns the exit code: 0 then, 1 where the pool cannot be reached at first or refuses the miner.
 * @throws {NoiseError} for a URL that cannot be understood.
 */
export function runMiner(options: MinerOptions, context: MinerContext): Promise<number> {
  return new Miner(options, context).run();
}

class Miner {
  readonly #options: MinerOptions;
  readonly #context: MinerContext;
  readonly #clock: Clock;
  readonly #threads: HashingThreads;
  readonly #target: {
    readonly host: string;
    readonly port: number;
    readonly authorityPublicKey: Uint8Array | undefined;
  };
  #client: MiningClient | undefined;
  #connection: PoolConnection | undefined;
  #finish: (exitCode: number) => void = () => {};
  #everOpened = false;
  #reconnectMs = FIRST_RECONNECT_MS;
  #reconnecting: Timer | undefined;
  #accepted = 0;
  #difficultySum = 0n;
  #blocks = 0;
  readonly #rejects = new Map<string, number>();
  #difficulty = 0;
  #hashrate = 0;
  #nominalHashrate = 0;

  constructor(options: MinerOptions, context: MinerContext) {
    this.#options = options;
    this.#context = context;
    this.#clock = context.clock ?? systemClock;
    this.#target = parsePoolUrl(options.url);
    if (!options.plaintext && this.#target.authorityPublicKey === undefined) {
      throw new NoiseError(
        "url-invalid",
        `${options.url} has no authority key: use stratum2+tcp://HOST:PORT/KEY as the pool prints it, or --plaintext`,
      );
    }
    this.#nominalHashrate = options.hashrate ?? options.threads * measureHashrate(this.#clock);
    this.#threads = new HashingThreads(options.threads, {
      nextUnit: () => this.#client?.nextUnit(),
      onFound: (unit, nonce) => this.#found(unit, nonce),
      onFailure: (error) => this.#fail(error),
    });
  }

  async run(): Promise<number> {
    let lastHashes = 0;
    let lastMs = this.#clock.monotonicMs();
    let ticks = 0;
    const progress = this.#clock.every(PROGRESS_MS, () => {
      const nowMs = this.#clock.monotonicMs();
      this.#hashrate = (this.#threads.hashes - lastHashes) / ((nowMs - lastMs) / 1000);
      lastHashes = this.#threads.hashes;
      lastMs = nowMs;
      ticks += 1;
      this.#showProgress(ticks);
    });
    const exitCode = await new Promise<number>((resolve) => {
      this.#finish = resolve;
      void this.#context.stopSignal.then(() => resolve(0));
      this.#connect();
    });
    progress.cancel();
    this.#reconnecting?.cancel();
    this.#client?.close();
    this.#connection?.close();
    await this.#threads.close();
    this.#report("finished", { exitCode, ...this.#stats() });
    if (!this.#options.json)
      this.#context.print(`${this.#context.isTerminal ? "\n" : ""}${progressLine(this.#stats())}`);
    return exitCode;
  }

  #connect(): void {
    const { host, port, authorityPublicKey } = this.#target;
    const { plaintext, user, channel } = this.#options;
    const connection = new PoolConnection(
      { host, port, authorityPublicKey: plaintext ? undefined : authorityPublicKey },
      {
        onReady: () => client.begin(),
        onFrame: (header, payload) => client.receive(header, payload),
        onEnd: (error) => this.#disconnected(error),
      },
      { clock: this.#clock },
    );
    const client = new MiningClient(
      {
        kind: channel,
        host,
        port,
        userIdentity: new TextEncoder().encode(user),
        nominalHashrate: this.#nominalHashrate,
        vendor: "adit",
        firmware: "adit-miner",
      },
      {
        send: (frame) => connection.send(frame),
        onOpen: ({ channelId, target }) => {
          this.#everOpened = true;
          this.#reconnectMs = FIRST_RECONNECT_MS;
          this.#setTarget(target);
          this.#report("opened", { channelId, channel, difficulty: this.#difficulty });
        },
        onWork: () => this.#threads.renew(),
        onTarget: (target) => this.#setTarget(target),
        onAccepted: ({ shares, difficulty }) => this.#acknowledged(shares, difficulty),
        onRejected: ({ sequenceNumber, errorCode }) => {
          this.#rejects.set(errorCode, (this.#rejects.get(errorCode) ?? 0) + 1);
          this.#report("rejected", { sequenceNumber, errorCode });
        },
        onClosed: (reasonCode) =>
          connection.abort(new ClientError(`the pool closed the channel: ${reasonCode}`, { code: "connection-lost" })),
      },
    );
    this.#connection = connection;
    this.#client = client;
  }

  #disconnected(error: Error): void {
    this.#client = undefined;
    this.#threads.renew();
    // A pool that was mined on once is waited for, also where it has no work for a while; another one is not.
    const transient =
      error instanceof ClientError &&
      ["connect-failed", "connection-lost", "pool-silent", "open-refused"].includes(error.code);
    if (!this.#everOpened || !transient) return this.#fail(error);
    this.#context.logger.warn("connection lost", { reason: error.message, retryMs: this.#reconnectMs });
    this.#report("disconnected", { error: error.message });
    this.#reconnecting = this.#clock.after(this.#reconnectMs, () => this.#connect());
    this.#reconnectMs = Math.min(2 * this.#reconnectMs, LONGEST_RECONNECT_MS);
  }

  #fail(error: Error): void {
    this.#context.logger.error("mining failed", { reason: error.message });
    this.#report("failed", { error: error.message });
    this.#finish(1);
  }

  #found(unit: WorkUnit, nonce: number): void {
    const client = this.#client;
    if (client === undefined) return;
    const sequenceNumber = client.submit(unit, nonce);
    const hash = hashOfUnit(unit, nonce);
    if (compareLittleEndian256(hash, unit.networkTarget) > 0) return;
    this.#blocks += 1;
    const details = { hash: toHex(reversed(hash)), sequenceNumber, jobId: unit.jobId };
    this.#context.logger.info("this share solves a block", details);
    this.#report("block", details);
  }

  #acknowledged(shares: number, difficulty: bigint): void {
    this.#accepted += shares;
    this.#difficultySum += difficulty;
    this.#report("accepted", { shares, accepted: this.#accepted });
    if (this.#options.shares !== undefined && this.#accepted >= this.#options.shares) this.#finish(0);
  }

  #setTarget(target: Uint8Array): void {
    this.#difficulty = difficultyOfTarget(targetFromBytes(target));
  }

  #stats(): MinerStats {
    let rejected = 0;
    for (const count of this.#rejects.values()) rejected += count;
    return {
      accepted: this.#accepted,
      rejected,
      rejects: Object.fromEntries(this.#rejects),
      acknowledgedDifficulty: String(this.#difficultySum),
      blocks: this.#blocks,
      hashrate: Math.round(this.#hashrate),
      difficulty: this.#difficulty,
    };
  }

  #showProgress(ticks: number): void {
    if (this.#options.json) {
      if (ticks % LINE_EVERY === 0) this.#report("progress", this.#stats());
    } else if (this.#context.isTerminal) {
      this.#context.progress(progressLine(this.#stats()));
    } else if (ticks % LINE_EVERY === 0) {
      this.#context.print(progressLine(this.#stats()));
    }
  }

  #report(event: string, details: Readonly<Record<string, unknown>>): void {
    if (this.#options.json) this.#context.print(JSON.stringify({ event, ...details }));
  }
}
