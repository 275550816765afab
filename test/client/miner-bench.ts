/** A miner whose pool, threads and clock are the test's. */

import { runMiner } from "../../src/client/miner.ts";
import type { MinerEvent } from "../../src/client/miner-events.ts";
import { AditError } from "../../src/core/errors.ts";
import { formatPoolUrl } from "../../src/noise/pool-url.ts";
import {
  OpenExtendedMiningChannel,
  OpenExtendedMiningChannelSuccess,
  OpenStandardMiningChannel,
  OpenStandardMiningChannelSuccess,
} from "../../src/wire/channel-messages.ts";
import { SetupConnection, SetupConnectionSuccess } from "../../src/wire/common-messages.ts";
import { NewExtendedMiningJob, NewMiningJob, SetNewPrevHash } from "../../src/wire/job-messages.ts";
import { SubmitSharesSuccess } from "../../src/wire/share-messages.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { until, within } from "../support/wait.ts";
import { extendedJob } from "./mining-conversation.ts";
import { authorityPublicKeyOf, type PoolEnd, type ScriptedIdentity, ScriptedPool } from "./scripted-pool.ts";
import { type ScriptedThread, scriptedThreads } from "./scripted-thread.ts";

export const CHANNEL = 11;
/** Difficulty 1. */
export const TARGET: Uint8Array = new Uint8Array(32).fill(0xff, 26, 28);
/** Difficulty 1, and regtest's: every second hash is a block. */
export const HARD_BITS = 0x1d00ffff;
export const EASY_BITS = 0x207fffff;

export type BenchOptions = {
  readonly channel?: "standard" | "extended";
  readonly threads?: number;
  readonly shares?: number;
  readonly user?: string;
  /** In place of plaintext. */
  readonly identity?: ScriptedIdentity;
  /** In place of the pool's own. */
  readonly url?: string;
};

export class MinerBench {
  readonly clock = new ManualClock();
  readonly events: MinerEvent[] = [];
  readonly threads: ScriptedThread[];
  readonly #startThread;
  #pool: ScriptedPool | undefined;
  #lookedAt: ScriptedPool | undefined;
  #end: PoolEnd | undefined;
  #stop: (signal: string) => void = () => undefined;
  #outcome: Promise<string> = Promise.resolve("not started");
  #hasEnded = false;

  constructor() {
    const { threads, startThread } = scriptedThreads();
    this.threads = threads;
    this.#startThread = startThread;
  }

  /** The pool's end of the newest connection. */
  get end(): PoolEnd {
    if (this.#end === undefined) throw new Error("there is no connection yet");
    return this.#end;
  }

  get port(): number {
    return this.#pool?.port ?? 0;
  }

  /** Listens, on the port of before where there was one. */
  async startPool(identity?: ScriptedIdentity): Promise<void> {
    this.#pool = await ScriptedPool.start({ port: this.port, ...(identity === undefined ? {} : { identity }) });
  }

  async stopPool(): Promise<void> {
    await this.#pool?.stop();
  }

  /** Starts the pool and the miner. */
  async start(options: BenchOptions = {}): Promise<void> {
    const { identity } = options;
    await this.startPool(identity);
    const url =
      identity === undefined
        ? `stratum2+tcp://127.0.0.1:${this.port}`
        : formatPoolUrl({ host: "127.0.0.1", port: this.port, authorityPublicKey: authorityPublicKeyOf(identity) });
    this.mine({ ...options, url: options.url ?? url });
  }

  /** Starts the miner alone. */
  mine(options: BenchOptions & { readonly url: string }): void {
    const stopSignal = new Promise<string>((resolve) => {
      this.#stop = resolve;
    });
    this.#outcome = runMiner(
      {
        url: options.url,
        user: options.user ?? "alice.cpu",
        channel: options.channel ?? "extended",
        threads: options.threads ?? 2,
        shares: options.shares,
        plaintext: options.identity === undefined,
        hashrate: 5e6,
      },
      {
        onEvent: (event) => void this.events.push(event),
        stopSignal,
        clock: this.clock,
        startThread: this.#startThread,
      },
    ).then(
      () => "done",
      (error: unknown) => (error instanceof AditError ? `${error.code}: ${error.message}` : String(error)),
    );
    void this.#outcome.then(() => {
      this.#hasEnded = true;
    });
  }

  stop(): void {
    this.#stop("SIGINT");
  }

  /** `done`, or the code and message of what ended it. */
  outcome(): Promise<string> {
    return within(this.#outcome, "the miner's end");
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** From now on the connections of that pool are taken, and not those of its own. */
  lookAt(pool: ScriptedPool): void {
    this.#lookedAt = pool;
  }

  async connected(): Promise<PoolEnd> {
    const pool = this.#lookedAt ?? this.#pool;
    if (pool === undefined) throw new Error("there is no pool");
    this.#end = await pool.next();
    return this.#end;
  }

  /** Takes the next connection up to an open channel, with no job yet. */
  async opened(channel: "standard" | "extended" = "extended"): Promise<PoolEnd> {
    const end = await this.connected();
    await end.expect(SetupConnection);
    end.say(SetupConnectionSuccess, { used_version: 2, flags: 0 });
    const common = { channel_id: CHANNEL, target: TARGET, extranonce_prefix: Buffer.from("aabbcc", "hex") };
    if (channel === "standard") {
      const { request_id } = await end.expect(OpenStandardMiningChannel);
      end.say(OpenStandardMiningChannelSuccess, { request_id, ...common, group_channel_id: 12 });
    } else {
      const { request_id } = await end.expect(OpenExtendedMiningChannel);
      end.say(OpenExtendedMiningChannelSuccess, { request_id, ...common, extranonce_size: 5, group_channel_id: 12 });
    }
    return end;
  }

  /** The same, and its threads have work. */
  async mining(channel: "standard" | "extended" = "extended", nbits = HARD_BITS): Promise<PoolEnd> {
    const end = await this.opened(channel);
    const standard = { channel_id: CHANNEL, job_id: 1, min_ntime: undefined, version: 0x20000000 };
    if (channel === "standard") end.say(NewMiningJob, { ...standard, merkle_root: new Uint8Array(32).fill(3) });
    else end.say(NewExtendedMiningJob, extendedJob(CHANNEL, 1));
    const tip = { channel_id: CHANNEL, job_id: 1, min_ntime: 1000, nbits };
    end.say(SetNewPrevHash, { ...tip, prev_hash: new Uint8Array(32).fill(7) });
    await until("the threads search", () => this.threads.every(({ isSearching }) => isSearching));
    return end;
  }

  /** Has the pool accept so many shares. */
  accept(shares: number, difficulty = 0n): void {
    this.end.say(SubmitSharesSuccess, {
      channel_id: CHANNEL,
      last_sequence_number: 1,
      new_submits_accepted_count: shares,
      new_shares_sum: difficulty,
    });
  }

  all<E extends MinerEvent["event"]>(name: E): Extract<MinerEvent, { event: E }>[] {
    return this.events.filter((event): event is Extract<MinerEvent, { event: E }> => event.event === name);
  }

  /** Waits for the nth event of that name. */
  async nth<E extends MinerEvent["event"]>(name: E, nth = 1): Promise<Extract<MinerEvent, { event: E }>> {
    await until(`${name}, for the ${nth}. time`, () => this.all(name).length >= nth);
    return this.all(name)[nth - 1] as Extract<MinerEvent, { event: E }>;
  }

  async close(): Promise<void> {
    this.stop();
    let hasEnded = false;
    void this.#outcome.then(() => {
      hasEnded = true;
    });
    // Answers that the test did not give are not waited for.
    await until("the miner's end", () => {
      this.clock.advance(1_000);
      return hasEnded;
    });
    await this.stopPool();
  }
}
