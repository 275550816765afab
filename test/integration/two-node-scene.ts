/**
 * A pool with miners on two real nodes that do not hear of each other, of which the first one is behind a scripted one that
 * can be made bad. The clock of all that the pool asks the nodes is held by the test; that of the pool itself is not: what
 * comes to pass while the former stands still waits for no answer and no retry of a node's questions.
 */

import { mkdtempSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sha256d } from "../../src/bitcoin/hash.ts";
import { reversed, toHex } from "../../src/core/bytes.ts";
import { systemClock } from "../../src/core/clock.ts";
import type { LogContext } from "../../src/core/logger.ts";
import { createMetricRegistry } from "../../src/core/metrics.ts";
import { FolderSpool } from "../../src/ledger/folder-spool.ts";
import { type PoolNodes, rpcNodes } from "../../src/templates/rpc-nodes.ts";
import type { BcoinNode } from "../support/bcoin-node.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { type PoolFixture, startPool } from "../support/pool-fixture.ts";
import { RecordingLogger } from "../support/recording-logger.ts";
import { TestMiner } from "../support/test-miner.ts";
import { until } from "../support/wait.ts";
import { HeldNode } from "../templates/rpc-held-node.ts";

const STEP_MS = 250;
/** More than any wait for a node takes. */
const MAX_STEPS = 600;

export class TwoNodeScene {
  readonly clock = new ManualClock();
  /** Of what the pool says of the nodes. */
  readonly logger = new RecordingLogger();
  readonly good: BcoinNode;
  readonly other: BcoinNode;
  /** Comes first in the order of preference. */
  readonly bad: HeldNode;
  readonly #nodes: PoolNodes;
  readonly #spoolFolder = join(mkdtempSync(join(tmpdir(), "adit-two-nodes-")), "spool");
  #pool: PoolFixture | undefined;
  miners: readonly TestMiner[] = [];

  private constructor(nodes: { readonly good: BcoinNode; readonly other: BcoinNode; readonly bad: HeldNode }) {
    const { good, other, bad } = nodes;
    [this.good, this.other, this.bad] = [good, other, bad];
    const access = { rpcUser: "pool", network: "regtest" } as const;
    const first = { ...access, rpcUrl: bad.node.url, rpcPassword: other.password };
    const second = { ...access, rpcUrl: good.rpcUrl, rpcPassword: good.password };
    const parts = { logger: this.logger, metrics: createMetricRegistry(), clock: this.clock };
    this.#nodes = rpcNodes(first, [second], parts);
  }

  /** @param other has the same chain at first, and is what is behind the bad node. */
  static async create(good: BcoinNode, other: BcoinNode): Promise<TwoNodeScene> {
    return new TwoNodeScene({ good, other, bad: await HeldNode.before(other) });
  }

  /** Starts the pool, and a miner on either kind of channel. */
  async start(): Promise<void> {
    const context = { logger: this.logger, clock: systemClock };
    const spool = new FolderSpool({ folder: this.#spoolFolder }, context);
    const starting = startPool({ nodes: this.#nodes, spool }).then((pool) => {
      this.#pool = pool;
    });
    await this.passUntil("the pool has started", () => this.#pool !== undefined);
    await starting;
    const { port, authorityPublicKey } = this.pool;
    this.miners = (["standard", "extended"] as const).map((kind) => new TestMiner({ port, kind, authorityPublicKey }));
    await Promise.all(this.miners.map((miner) => miner.ready()));
  }

  async stop(): Promise<void> {
    for (const miner of this.miners) miner.close();
    let isStopped = false;
    const stopping = this.#pool?.stop().then(() => {
      isStopped = true;
    });
    // What a node does not answer is given up by its clock.
    if (stopping !== undefined) await this.passUntil("the pool has stopped", () => isStopped);
    await stopping;
    await this.bad.node.stop();
  }

  get pool(): PoolFixture {
    if (this.#pool === undefined) throw new Error("the pool has not started");
    return this.#pool;
  }

  get badName(): string {
    return `rpc:${this.bad.node.url}`;
  }

  get goodName(): string {
    return `rpc:${this.good.rpcUrl}`;
  }

  /** The node that the templates come from. */
  get followed(): string {
    return this.#nodes.templates.name;
  }

  /** Names of the files of blocks that are not finished. */
  get spooled(): string[] {
    return readdirSync(this.#spoolFolder);
  }

  /** Contexts of what was said of the nodes with that message. */
  said(message: string): LogContext[] {
    return this.logger.of(message);
  }

  /** Lets the nodes' time pass until `condition` holds. */
  async passUntil(what: string, condition: () => boolean): Promise<void> {
    for (let step = 0; step < MAX_STEPS; step += 1) {
      if (condition()) return;
      this.clock.advance(STEP_MS);
      for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setTimeout(resolve, 2));
    }
    throw new Error(`waited in vain: ${what}`);
  }

  /** All miners have a job on that block. */
  areOn(tip: string): boolean {
    return this.miners.every((miner) => toHex(reversed(miner.unit().header.subarray(4, 36))) === tip);
  }

  /** One miner finds a block on what it has. @returns its hash. */
  findBlock(miner: number): string {
    const found = this.miners[miner]?.mine("block");
    if (found === undefined) throw new Error(`there is no miner ${miner}`);
    const header = found.unit.header.slice();
    new DataView(header.buffer).setUint32(76, found.nonce, true);
    return toHex(reversed(sha256d(header)));
  }

  /** With the nodes' clock held. */
  async allAcknowledged(): Promise<void> {
    await until("all shares are acknowledged", () => this.miners.every((miner) => miner.accepted === miner.submitted));
  }
}
