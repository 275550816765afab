/** The pool that a scripted client talks to: its node, ledger and clock are held by the test. */

import type { MiningOptions } from "../../src/mining/pool-options.ts";
import { encodeAuthorityKey } from "../../src/noise/authority-key.ts";
import type { StratumSettings } from "../../src/server/stratum-server.ts";
import type { Template } from "../../src/templates/template.ts";
import { AUTHORITY_PUBLIC_KEY } from "../server/server-keys.ts";
import { ACK_INTERVAL_MS, ServiceBench } from "../server/service-bench.ts";
import { MINING } from "../session/session-fixture.ts";
import { until, within } from "../support/wait.ts";
import type { LinkOptions } from "./noise-link.ts";
import { keyOfUrl } from "./pool-url.ts";

/** Hashes that a share takes on average: few enough for JavaScript. */
export const HASHES_PER_SHARE = 2_048;

/** As nodes send it where miners signal by rolling: rollable bits are set in it. */
const NODE_VERSION = 0x20ffe004;

/** What is left of it in a job. */
export const JOB_VERSION = 0x20000004;

export type SceneOptions = {
  /** That each client announces: their shares are made easy by it. */
  readonly hashrate?: number;
  readonly mining?: Partial<MiningOptions>;
  readonly stratum?: Partial<StratumSettings>;
  /** To listen on; any that is free where it is not said. */
  readonly port?: number;
};

export class PoolScene {
  readonly bench: ServiceBench;
  /** What an operator pastes into the miner. */
  readonly url: string;
  #height = 900_000;
  /** The bench itself gave the first. */
  #tips = 1;
  #templates = 0;
  #curTime = 0;

  private constructor(bench: ServiceBench) {
    this.bench = bench;
    this.url = `stratum2+tcp://127.0.0.1:${bench.port}/${encodeAuthorityKey(AUTHORITY_PUBLIC_KEY)}`;
  }

  /** A pool with work. */
  static async start({ hashrate = 1e12, mining = {}, stratum = {}, port = 0 }: SceneOptions = {}): Promise<PoolScene> {
    const sharesPerMinute = (60 * hashrate) / HASHES_PER_SHARE;
    const scene = new PoolScene(await ServiceBench.start({ mining: { sharesPerMinute, ...mining }, stratum, port }));
    scene.tip();
    return scene;
  }

  /** How a client with the right clock connects. */
  link(fields: Partial<LinkOptions> & Pick<LinkOptions, "maxPayloadBytes">): LinkOptions {
    const { port } = this.bench;
    return { port, authorityKey: keyOfUrl(this.url), nowSeconds: this.nowSeconds, ...fields };
  }

  /** What a link waits for while its client computes: the pool counts that time as well, once it has the connection. */
  computing(ms: number): () => Promise<void> {
    const before = this.#accepted;
    return async () => {
      await until("the pool has the connection", () => this.#accepted > before);
      this.bench.clock.advance(ms);
    };
  }

  get #accepted(): number {
    return this.bench.metrics.counter({ name: "adit_connections_accepted_total", help: "" }).value;
  }

  get nowSeconds(): number {
    return Math.floor(this.bench.clock.nowMs() / 1000);
  }

  get prevHash(): Uint8Array {
    return new Uint8Array(32).fill(this.#tips);
  }

  /** The node has another block: its template follows. @returns the hash that miners have to build on. */
  tip(fields: Partial<Template> = {}): Uint8Array {
    this.#height += 1;
    this.#tips += 1;
    this.#curTime = Math.max(this.#curTime + 1, this.nowSeconds);
    this.#give(fields, true);
    return this.prevHash;
  }

  /** The node's mempool has changed. Its clock was set back a little: no job may say an earlier time for that. */
  refresh(fields: Partial<Template> = {}): void {
    this.#give({ curTime: this.#curTime - 5, ...fields }, false);
  }

  #give(fields: Partial<Template>, newTip: boolean): void {
    const own = { prevHash: this.prevHash, height: this.#height, curTime: this.#curTime, version: NODE_VERSION };
    // Known, so that work for the next block can be announced ahead.
    const next = { nextSubsidy: 312_500_000n };
    this.#templates += 1;
    const merklePath = [0xa0, 0xa1, this.#templates].map((byte) => new Uint8Array(32).fill(byte));
    // As many as make a path of three.
    const transactions = Array.from({ length: 5 }, () => ({ data: new Uint8Array(60), txid: new Uint8Array(32) }));
    this.bench.give({ ...own, ...next, transactions, merklePath, ...fields }, newTip);
  }

  /** From here on each block pays the miner alone whose channel found it. */
  goSolo(): void {
    this.reload({ payout: { ...MINING.payout, mode: "solo" } });
  }

  /** The operator changes settings of mining and reloads them. */
  reload(mining: Partial<MiningOptions>): void {
    const { settings, service } = this.bench;
    service.reconfigure({ ...settings, mining: { ...settings.mining, ...mining } });
  }

  /** An orderly stop begins, while `shares` more than `before` are not acknowledged: they are stored. */
  async stop(before: number, shares: number): Promise<void> {
    await until("the shares are judged", () => this.judged >= before + shares);
    const stopped = this.bench.stopping();
    const { commits } = this.bench.ledger;
    await until("the shares are with the ledger", () => commits.length > 0);
    for (const commit of commits) commit.resolve();
    await within(stopped, "the stop");
  }

  /** The node does not answer. */
  nodeIsAway(): void {
    this.bench.node.say({ kind: "unavailable", reason: "the node does not answer" });
  }

  nodeIsBack(): void {
    this.bench.node.say({ kind: "ready" });
  }

  /** Shares that were judged so far. */
  get judged(): number {
    const names = ["adit_shares_accepted_total", "adit_shares_rejected_total"];
    const samples = this.bench.metrics.samples().filter(({ name }) => names.includes(name));
    return samples.reduce((sum, { value }) => sum + value, 0);
  }

  /** Waits until so many shares more were judged than `before`, stores them, and lets their acknowledgements go out. */
  async acknowledge(before: number, shares = 1): Promise<void> {
    await until("the shares are judged", () => this.judged >= before + shares);
    const { commits } = this.bench.ledger;
    const stored = commits.length;
    this.bench.clock.advance(ACK_INTERVAL_MS);
    await until("the shares are with the ledger", () => commits.length > stored);
    for (const commit of commits.slice(stored)) commit.resolve();
  }

  /** Lines of the log that an operator would worry about. */
  get complaints(): unknown[] {
    return this.bench.logger.lines.filter(({ level }) => level === "warn" || level === "error");
  }
}
