/**
 * A real Bitcoin node for tests: bcoin on regtest, in this process, in memory, with its JSON-RPC on a free loopback
 * port. It starts with segwit active and with coins that are mature. Installed by `global-setup.ts`.
 */

import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { lastingPort } from "./lasting-port.ts";

/** Segwit is active on bcoin's regtest from block 432 on. */
const FIRST_HEIGHT = 440;
const COINBASE_MATURITY = 100;
/** Above the least that bcoin relays, below what it finds absurd. */
const FEE_SATOSHI = 2_000;

type Hash = string | Buffer;
type Bcoin = {
  FullNode: new (options: Record<string, unknown>) => FullNode;
  KeyRing: new (options: { witness: boolean; privateKey: Buffer }) => KeyRing;
  MTX: new () => Mtx;
  Coin: { fromTX(tx: Tx, index: number, height: number): unknown };
  Block: { fromRaw(bytes: Buffer): Block };
};
type Tx = { outputs: { value: number }[] };
type Mtx = {
  addCoin(coin: unknown): void;
  addOutput(address: unknown, value: number): void;
  sign(ring: KeyRing): number;
  toTX(): Tx;
};
type KeyRing = { getAddress(): unknown };
type Block = { txs: Tx[]; hash(encoding: "hex"): Hash; rhash(): string; toRaw(): Buffer };
type Entry = { hash: Hash; height: number; rhash(): string };
type FullNode = {
  open(): Promise<void>;
  close(): Promise<void>;
  chain: {
    height: number;
    tip: Entry;
    add(block: Block): Promise<Entry | null>;
    getBlock(hashOrHeight: Hash | number): Promise<Block | null>;
    getEntry(hashOrHeight: Hash | number): Promise<Entry | null>;
  };
  miner: { addresses: unknown[]; mineBlock(tip?: Entry): Promise<Block> };
  mempool: { addTX(tx: Tx): Promise<unknown> };
  rpc: { refreshBlock(): void };
  http: { http: { address(): { port: number }; closeAllConnections(): void } };
};

export type BcoinOptions = {
  /** Password of the RPC; any user name goes with it. */
  readonly password?: string;
  /** Has the chain that this node begins with. */
  readonly peer?: BcoinNode;
};

/** A running node; `stop` it at the end of the test. */
export class BcoinNode {
  readonly #bcoin: Bcoin;
  readonly #witnessRing: KeyRing;
  readonly #legacyRing: KeyRing;
  #node: FullNode;
  #running = true;
  #password: string;
  #nextCoinHeight = 1;
  #chainAtStop: Buffer[] = [];
  readonly port: number;

  private constructor(started: { bcoin: Bcoin; node: FullNode; password: string }) {
    this.#bcoin = started.bcoin;
    this.#node = started.node;
    this.#password = started.password;
    this.port = started.node.http.http.address().port;
    // Arbitrary, the same at each run.
    const privateKey = Buffer.alloc(32, 7);
    this.#witnessRing = new this.#bcoin.KeyRing({ witness: true, privateKey });
    this.#legacyRing = new this.#bcoin.KeyRing({ witness: false, privateKey });
    this.#node.miner.addresses = [this.#witnessRing.getAddress()];
  }

  static async start(options: BcoinOptions = {}): Promise<BcoinNode> {
    process.env.NODE_BACKEND = "js";
    const folder = join(dirname(fileURLToPath(import.meta.url)), "..", "bcoin");
    const bcoin = createRequire(join(folder, "package.json"))("bcoin") as Bcoin;
    const password = options.password ?? "test-password";
    const node = await openNode(bcoin, { password, port: await lastingPort() });
    const started = new BcoinNode({ bcoin, node, password });
    if (options.peer === undefined) await started.mine(FIRST_HEIGHT);
    else await started.take(options.peer);
    return started;
  }

  /** `http://127.0.0.1:PORT`, without a password. */
  get rpcUrl(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get password(): string {
    return this.#password;
  }

  /** What stands in the cookie file of a node with this password. */
  get cookie(): string {
    return `__cookie__:${this.#password}`;
  }

  get height(): number {
    return this.#node.chain.height;
  }

  /** 64 digits as explorers print it. */
  get tipHash(): string {
    return this.#node.chain.tip.rhash();
  }

  /** Mines blocks of somebody else on the tip. Returns the last one's hash. */
  async mine(count = 1): Promise<string> {
    for (let mined = 0; mined < count; mined += 1) {
      await this.#node.chain.add(await this.#node.miner.mineBlock());
    }
    return this.tipHash;
  }

  /** Replaces the newest `depth` blocks by a branch that is one longer. Returns the new tip's hash. */
  async reorganise(depth: number): Promise<string> {
    let parent = await this.#node.chain.getEntry(this.height - depth);
    for (let mined = 0; mined <= depth; mined += 1) {
      if (parent === null) throw new Error("the chain is too short for that");
      parent = await this.#node.chain.add(await this.#node.miner.mineBlock(parent));
    }
    return this.tipHash;
  }

  /** Hears of every block of another node's chain. Follows that chain, where it is longer. */
  async take(other: BcoinNode): Promise<void> {
    for (let height = 1; height <= other.height; height += 1) {
      const bytes = Buffer.from(await other.blockBytes(height));
      const block = this.#bcoin.Block.fromRaw(bytes);
      const isKnown = (await this.#node.chain.getEntry(block.hash("hex"))) !== null;
      if (!isKnown) await this.#node.chain.add(block);
    }
  }

  /** The whole block, serialised with its witness. */
  async blockBytes(height: number): Promise<Uint8Array> {
    const block = await this.#node.chain.getBlock(height);
    if (block === null) throw new Error(`the node has no block at height ${height}`);
    return Uint8Array.from(block.toRaw());
  }

  /**
   * Puts `pairs` × 2 transactions into the mempool, of each pair the first with a witness and the second, which spends
   * the first, without one. The next template has them.
   */
  async fillMempool(pairs: number): Promise<void> {
    for (let pair = 0; pair < pairs; pair += 1) {
      const height = this.#nextCoinHeight;
      if (height + COINBASE_MATURITY > this.height) throw new Error("no mature coins are left");
      this.#nextCoinHeight += 1;
      const block = await this.#node.chain.getBlock(height);
      const coinbase = block?.txs[0];
      if (coinbase === undefined) throw new Error(`the node has no block at height ${height}`);
      const first = this.#spend({ tx: coinbase, height, from: this.#witnessRing, to: this.#legacyRing });
      await this.#node.mempool.addTX(first);
      const second = this.#spend({ tx: first, height: -1, from: this.#legacyRing, to: this.#witnessRing });
      await this.#node.mempool.addTX(second);
    }
    this.#node.rpc.refreshBlock();
  }

  #spend(spend: { tx: Tx; height: number; from: KeyRing; to: KeyRing }): Tx {
    const spending = new this.#bcoin.MTX();
    spending.addCoin(this.#bcoin.Coin.fromTX(spend.tx, 0, spend.height));
    spending.addOutput(spend.to.getAddress(), (spend.tx.outputs[0]?.value ?? 0) - FEE_SATOSHI);
    spending.sign(spend.from);
    return spending.toTX();
  }

  /** Ends the node as if it was killed: its connections break, its port is closed. */
  async stop(): Promise<void> {
    if (!this.#running) return;
    this.#running = false;
    this.#chainAtStop = [];
    for (let height = 1; height <= this.height; height += 1) {
      const block = await this.#node.chain.getBlock(height);
      if (block !== null) this.#chainAtStop.push(block.toRaw());
    }
    this.#node.http.http.closeAllConnections();
    await this.#node.close();
  }

  /** Starts a stopped node again with its chain, on the same port, with another password if one is given. */
  async restart(password: string = this.#password): Promise<void> {
    this.#password = password;
    this.#node = await openNode(this.#bcoin, { password, port: this.port });
    this.#node.miner.addresses = [this.#witnessRing.getAddress()];
    for (const block of this.#chainAtStop) await this.#node.chain.add(this.#bcoin.Block.fromRaw(block));
    this.#running = true;
  }
}

async function openNode(bcoin: Bcoin, options: { password: string; port: number }): Promise<FullNode> {
  const node = new bcoin.FullNode({
    network: "regtest",
    memory: true,
    workers: false,
    listen: false,
    logLevel: "none",
    httpHost: "127.0.0.1",
    httpPort: options.port,
    apiKey: options.password,
  });
  await node.open();
  return node;
}
