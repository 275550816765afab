/**
 * The CPU miner: mines on one channel of one pool with all its threads, comes back after a lost connection, and tells
 * what happens. How that is shown, and what the command line offers, is in `app/`.
 */

import { difficultyOfTarget, targetFromBytes } from "../bitcoin/target.ts";
import { compareLittleEndian256, reversed, toHex } from "../core/bytes.ts";
import { type Clock, systemClock, type Timer } from "../core/clock.ts";
import { AditError } from "../core/errors.ts";
import { hostAndPort } from "../core/host-and-port.ts";
import { printableText } from "../core/printable-text.ts";
import { NoiseError } from "../noise/errors.ts";
import { type PoolAddress, parsePoolUrl } from "../noise/pool-url.ts";
import type { Reconnect } from "../wire/common-messages.ts";
import { ClientError } from "./errors.ts";
import { HashingThreads } from "./hashing-threads.ts";
import { measureHashrate } from "./measure-hashrate.ts";
import type { MinerEvent } from "./miner-events.ts";
import { MinerCounters } from "./miner-stats.ts";
import { MiningClient, type MiningClientEvents } from "./mining-client.ts";
import type { StartThread } from "./mining-thread.ts";
import { PayoutWatch } from "./payout-watch.ts";
import { PoolConnection } from "./pool-connection.ts";
import { ReconnectPlan } from "./reconnect-plan.ts";
import { hashOfUnit, type WorkUnit } from "./work.ts";

export type MinerOptions = {
  /** `stratum2+tcp://HOST:PORT/KEY` */
  readonly url: string;
  /** At most 255 bytes of UTF-8. */
  readonly user: string;
  readonly channel: "standard" | "extended";
  /** 1 or more. */
  readonly threads: number;
  /** Stop after so many accepted shares; undefined: never. */
  readonly shares: number | undefined;
  /** The key in the URL, if there is one, is not used then. */
  readonly plaintext: boolean;
  /** Announced hashes per second; undefined: measured. */
  readonly hashrate: number | undefined;
};

export type MinerContext = {
  onEvent(event: MinerEvent): void;
  /** Resolves when the miner has to stop. */
  readonly stopSignal: Promise<unknown>;
  readonly clock?: Clock;
  readonly startThread?: StartThread;
};

const PROGRESS_MS = 1_000;

/** How long a miner that stops waits for the pool's word on the shares that it has sent. Pools flush within a second. */
const LAST_ANSWERS_MS = 2_000;

/**
 * Mines until `shares` are accepted or `stopSignal` resolves; then waits for the acknowledgements that are still due.
 * @throws {NoiseError} `url-invalid`, `key-invalid`, before anything is started; {AditError} with what ended it: the
 * pool cannot be reached at first, refuses the miner, or has another key; or a thread crashed.
 */
export async function runMiner(options: MinerOptions, context: MinerContext): Promise<void> {
  await new Miner(options, context).run();
}

class Miner {
  readonly #options: MinerOptions;
  readonly #context: MinerContext;
  readonly #clock: Clock;
  readonly #plan: ReconnectPlan;
  readonly #threads: HashingThreads;
  readonly #counters = new MinerCounters();
  readonly #nominalHashrate: number;
  #client: MiningClient | undefined;
  #connection: PoolConnection | undefined;
  #finish: (failure: Error | undefined) => void = () => {};
  #isOpen = false;
  #reconnecting: Timer | undefined;
  #difficulty = 0;
  #isEnding = false;
  /** Called with each answer of the pool, and at its end. */
  #onAnswer: () => void = () => {};

  constructor(options: MinerOptions, context: MinerContext) {
    this.#options = options;
    this.#context = context;
    this.#clock = context.clock ?? systemClock;
    this.#plan = new ReconnectPlan(poolAddress(options));
    this.#nominalHashrate = options.hashrate ?? measureHashrate(options.threads, this.#clock);
    this.#threads = new HashingThreads(
      options.threads,
      {
        nextUnit: () => this.#client?.nextUnit(),
        onFound: (unit, nonce) => this.#found(unit, nonce),
        onFailure: (error) => this.#finish(error),
      },
      context.startThread,
    );
  }

  async run(): Promise<void> {
    const progress = this.#clock.every(PROGRESS_MS, () => {
      this.#counters.sample(this.#sample());
      const stats = this.#counters.stats(this.#difficulty);
      this.#context.onEvent({ event: "progress", connected: this.#isOpen, ...stats });
    });
    const failure = await new Promise<Error | undefined>((resolve) => {
      this.#finish = resolve;
      void this.#context.stopSignal.then(() => resolve(undefined));
      this.#connect();
    });
    progress.cancel();
    this.#isEnding = true;
    this.#reconnecting?.cancel();
    await this.#threads.close();
    if (failure === undefined) await this.#lastAnswers();
    this.#client?.close();
    this.#connection?.close();
    if (failure !== undefined) this.#context.onEvent({ event: "failed", ...describe(failure) });
    const totals = this.#counters.totals(this.#difficulty, this.#sample());
    this.#context.onEvent({ event: "finished", exitCode: failure === undefined ? 0 : 1, ...totals });
    if (failure !== undefined) throw failure;
  }

  /** Resolves when the pool has said of all shares what became of them, when it is gone, or after `LAST_ANSWERS_MS`. */
  async #lastAnswers(): Promise<void> {
    const isDone = (): boolean => (this.#client?.unansweredShares ?? 0) === 0;
    if (isDone()) return;
    await new Promise<void>((resolve) => {
      const late = this.#clock.after(LAST_ANSWERS_MS, resolve);
      this.#onAnswer = () => {
        if (!isDone()) return;
        late.cancel();
        resolve();
      };
    });
  }

  #connect(): void {
    const { host, port, authorityPublicKey } = this.#plan.present;
    const connection = new PoolConnection(
      { host, port, authorityPublicKey },
      {
        onReady: () => client.begin(),
        onFrame: (header, payload) => client.receive(header, payload),
        onEnd: (error) => this.#disconnected(error),
      },
      { clock: this.#clock },
    );
    const client = new MiningClient(
      {
        kind: this.#options.channel,
        host,
        port,
        userIdentity: new TextEncoder().encode(this.#options.user),
        nominalHashrate: this.#nominalHashrate,
        vendor: "adit",
        firmware: "adit-miner",
      },
      this.#eventsOf(connection),
    );
    this.#connection = connection;
    this.#client = client;
  }

  #eventsOf(connection: PoolConnection): MiningClientEvents {
    const payouts = new PayoutWatch(this.#options.user);
    return {
      send: (frame) => connection.send(frame),
      onOpen: ({ channelId, target }) => this.#opened(channelId, target),
      onExtendedJob: (job, extranonceBytes) => {
        const outputs = payouts.look(job, extranonceBytes);
        if (outputs !== undefined) this.#context.onEvent({ event: "payout", outputs });
      },
      onWork: () => this.#threads.renew(),
      onTarget: (target) => this.#setTarget(target),
      onAccepted: ({ shares, difficulty }) => this.#acknowledged(shares, difficulty),
      onRejected: ({ sequenceNumber, errorCode }) => {
        this.#counters.countRejected(errorCode);
        this.#context.onEvent({ event: "rejected", sequenceNumber, errorCode });
        this.#onAnswer();
      },
      onClosed: (reasonCode) => {
        const message = `the pool closed the channel with ${printableText(reasonCode)}`;
        connection.abort(new ClientError(message, { code: "connection-lost" }));
      },
      onReconnect: (message) => this.#sentOn(message, connection),
    };
  }

  #opened(channelId: number, target: Uint8Array): void {
    this.#isOpen = true;
    this.#plan.noteOpened();
    this.#setTarget(target);
    this.#counters.begin(this.#sample());
    const { host, port } = this.#plan.present;
    this.#context.onEvent({
      event: "opened",
      host,
      port,
      channelId,
      channel: this.#options.channel,
      difficulty: this.#difficulty,
      nominalHashrate: this.#nominalHashrate,
    });
  }

  #sentOn(message: Reconnect, connection: PoolConnection): void {
    if (this.#isEnding) return;
    const sentOn = this.#plan.sendOn(message);
    this.#context.onEvent({ event: "reconnect", ...sentOn });
    if (sentOn.answer !== "followed") return;
    const said = `the pool sends its miners on to ${hostAndPort(sentOn)}`;
    connection.abort(new ClientError(said, { code: "connection-lost" }));
  }

  #disconnected(error: Error): void {
    this.#isOpen = false;
    this.#client = undefined;
    if (this.#isEnding) return this.#onAnswer();
    this.#threads.renew();
    const retryMs = this.#plan.afterLoss(error);
    if (retryMs === undefined) return this.#finish(error);
    this.#context.onEvent({ event: "disconnected", ...describe(error), retryMs });
    this.#reconnecting = this.#clock.after(retryMs, () => this.#connect());
  }

  #found(unit: WorkUnit, nonce: number): void {
    const client = this.#client;
    if (client === undefined) return;
    const sequenceNumber = client.submit(unit, nonce);
    const hash = hashOfUnit(unit, nonce);
    if (compareLittleEndian256(hash, unit.networkTarget) > 0) return;
    this.#counters.countBlock();
    this.#context.onEvent({ event: "block", hash: toHex(reversed(hash)), sequenceNumber, jobId: unit.jobId });
  }

  #acknowledged(shares: number, difficulty: bigint): void {
    this.#plan.noteAccepted();
    this.#counters.countAccepted(shares, difficulty);
    const { accepted } = this.#counters;
    this.#context.onEvent({ event: "accepted", shares, accepted });
    this.#onAnswer();
    if (this.#options.shares !== undefined && accepted >= this.#options.shares) this.#finish(undefined);
  }

  #setTarget(target: Uint8Array): void {
    this.#difficulty = difficultyOfTarget(targetFromBytes(target));
  }

  #sample(): { readonly atMs: number; readonly hashes: number } {
    return { atMs: this.#clock.monotonicMs(), hashes: this.#threads.hashes };
  }
}

/** With the key that is to be checked; without one where plaintext is wanted. */
function poolAddress({ url, plaintext }: MinerOptions): PoolAddress {
  const address = parsePoolUrl(url);
  if (plaintext) return { ...address, authorityPublicKey: undefined };
  if (address.authorityPublicKey !== undefined) return address;
  const wanted = "use stratum2+tcp://HOST:PORT/KEY as the pool prints it, or --plaintext";
  throw new NoiseError("url-invalid", `${url} has no authority key: ${wanted}`);
}

function describe(error: Error): { readonly code: string; readonly error: string } {
  return { code: error instanceof AditError ? error.code : "internal-error", error: error.message };
}
