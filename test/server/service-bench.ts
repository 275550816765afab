/** A whole pool whose node, ledger, validator and clock a test holds, and peers that speak to it over real sockets. */

import { onTestFinished } from "vitest";
import { hashHeader } from "../../src/bitcoin/header.ts";
import { createMetricRegistry, type MetricRegistry } from "../../src/core/metrics.ts";
import { NoiseIdentity } from "../../src/server/noise-identity.ts";
import { PoolService, type PoolServiceOptions, type PoolSettings } from "../../src/server/pool-service.ts";
import type { Template } from "../../src/templates/template.ts";
import type { NewMiningJob } from "../../src/wire/job-messages.ts";
import { HARD_BITS, MINING, template } from "../session/session-fixture.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { RecordingLogger } from "../support/recording-logger.ts";
import { SteeredValidator } from "../support/steered-validator.ts";
import { until } from "../support/wait.ts";
import { HeldLedger } from "./held-ledger.ts";
import { HeldSource } from "./held-source.ts";
import { HeldSpool } from "./held-spool.ts";
import { RawPeer } from "./raw-peer.ts";
import { SERVER_KEYS } from "./server-keys.ts";

export const ACK_INTERVAL_MS = 250;

/** The easiest bits there are: every other hash or so solves a block. */
export const EASY_BITS = 0x207fffff;

export class ServiceBench {
  readonly clock = new ManualClock();
  readonly logger = new RecordingLogger();
  readonly metrics: MetricRegistry = createMetricRegistry();
  readonly ledger = new HeldLedger();
  readonly spool = new HeldSpool();
  readonly validator = new SteeredValidator();
  readonly node = new HeldSource("node");
  readonly otherNode = new HeldSource("other");
  readonly service: PoolService;
  /** What it was started with, of what can change while it runs. */
  readonly settings: PoolSettings;
  readonly peers: RawPeer[] = [];
  port = 0;
  #templates = 0;
  #stopped = false;

  /** It is stopped when the test ends. */
  constructor(
    options: {
      readonly port?: number;
      readonly mining?: Partial<PoolServiceOptions["mining"]>;
      readonly stratum?: Partial<PoolServiceOptions["stratum"]>;
    } = {},
  ) {
    const stratum = {
      listen: { host: "127.0.0.1", port: options.port ?? 0 },
      plaintext: "private" as const,
      maxConnections: 100,
      maxConnectionsPerAddress: 100,
      maxOutboundBytesPerConnection: 1 << 20,
      identity: new NoiseIdentity(SERVER_KEYS, this),
      ...options.stratum,
    };
    const acknowledge = { intervalMs: ACK_INTERVAL_MS, maxPendingShares: 1_000 };
    this.settings = { mining: { ...MINING, ...options.mining }, acknowledge, stratum };
    this.service = new PoolService(
      {
        mining: this.settings.mining,
        validator: this.validator,
        ledger: this.ledger,
        templates: this.node,
        nodes: [this.node, this.otherNode],
        spool: this.spool,
        acknowledge: { runId: "run", ...acknowledge },
        stratum,
      },
      this,
    );
    onTestFinished(() => this.stop());
  }

  /** A pool that listens and has work. */
  static async start(options: ConstructorParameters<typeof ServiceBench>[0] = {}): Promise<ServiceBench> {
    const bench = new ServiceBench(options);
    bench.port = (await bench.service.start()).port;
    bench.node.say({ kind: "ready" });
    bench.give();
    return bench;
  }

  /** The node gives another template: of a new tip where `prevHash` is another. */
  give(fields: Partial<Template> = {}, newTip = true): void {
    this.node.give(this.template(fields), newTip);
  }

  template(fields: Partial<Template> = {}): Template {
    this.#templates += 1;
    return template({ templateId: this.#templates, bits: HARD_BITS, ...fields });
  }

  /** A peer that was set up. */
  async join(): Promise<RawPeer> {
    const peer = new RawPeer({ port: this.port });
    this.peers.push(peer);
    return peer.setUp();
  }

  /** A peer with one standard channel, of that id. */
  async miner(): Promise<{ readonly peer: RawPeer; readonly id: number }> {
    const peer = await this.join();
    return { peer, id: await peer.open() };
  }

  async left(connections: number): Promise<void> {
    await until(`${connections} connections are left`, () => this.service.connections === connections);
  }

  /** Stops the pool where the test did not; whatever is held is let go. */
  async stop(): Promise<void> {
    for (const { socket } of this.peers) socket.destroy();
    if (this.#stopped) return;
    this.#stopped = true;
    const { commits, records } = this.ledger;
    const stopped = this.service.stop();
    let done = false;
    void stopped.then(() => {
      done = true;
    });
    await until("the pool has stopped", () => {
      this.validator.deliver();
      for (const call of [...commits, ...records]) call.resolve();
      for (const { write } of this.spool.kept) write();
      for (const { submissions } of [this.node, this.otherNode]) {
        for (const submission of submissions) submission.answer({ kind: "accepted" });
      }
      return done;
    });
    await stopped;
  }

  /** The pool's own stop, which the test looks at. */
  stopping(): Promise<void> {
    this.#stopped = true;
    return this.service.stop();
  }
}

/** A nonce with which a share of that job on the first tip solves a block at `EASY_BITS`. */
export function solvingNonce(job: NewMiningJob | undefined): number {
  if (job === undefined) throw new Error("there is no job");
  const { prevHash, curTime } = template();
  const header = { version: job.version, prevHash, merkleRoot: job.merkle_root, time: curTime, bits: EASY_BITS };
  let nonce = 0;
  while ((hashHeader({ ...header, nonce })[31] ?? 0) > 0x7f) nonce += 1;
  return nonce;
}
