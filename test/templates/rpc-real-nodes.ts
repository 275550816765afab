/** The real nodes that the source is tested with, behind one interface. */

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BcoinNode } from "../support/bcoin-node.ts";
import { BITCOIND, BitcoindNode } from "../support/bitcoind-node.ts";

export type RealNode = {
  readonly rpcUrl: string;
  readonly cookiePath: string;
  /** Empty where the node has no ZMQ. */
  readonly zmqAddress: string;
  height(): Promise<number>;
  /** 64 digits as the RPC prints it. */
  tipHash(): Promise<string>;
  /** Mines as somebody else would. Returns the last block's hash. */
  mine(count?: number): Promise<string>;
  /** Replaces the newest blocks by a branch that is one longer. Returns the new tip's hash. */
  reorganise(depth: number): Promise<string>;
  blockBytes(height: number): Promise<Uint8Array>;
  /** Puts transactions into the next template and returns how many. */
  fillMempool(): Promise<number>;
  /** Its connections break and its port is closed. */
  end(): Promise<void>;
  /** After `end`: on the same port, with the same chain and another cookie. */
  restart(): Promise<void>;
  /** Ends it where it runs, and removes what it wrote. */
  remove(): Promise<void>;
};

export type RealNodeKind = {
  readonly name: string;
  /** undefined where it cannot be had here. */
  readonly start: (() => Promise<RealNode>) | undefined;
  /** What the node says of a good block beside its tip. */
  readonly sideBlock: "accepted" | "inconclusive";
};

export const REAL_NODES: readonly RealNodeKind[] = [
  // bcoin does not tell a block of a side chain from one that became the tip.
  { name: "bcoin", start: startBcoin, sideBlock: "accepted" },
  {
    name: BITCOIND === undefined ? "Bitcoin Core (skipped: BITCOIND names no program)" : "Bitcoin Core",
    start: BITCOIND === undefined ? undefined : (): Promise<RealNode> => startBitcoind(BITCOIND as string),
    sideBlock: "inconclusive",
  },
];

async function startBcoin(): Promise<RealNode> {
  const folder = await mkdtemp(join(tmpdir(), "adit-bcoin-"));
  const cookiePath = join(folder, ".cookie");
  const node = await BcoinNode.start({ password: "first" });
  await writeFile(cookiePath, node.cookie);
  return {
    rpcUrl: node.rpcUrl,
    cookiePath,
    zmqAddress: "",
    height: async () => node.height,
    tipHash: async () => node.tipHash,
    mine: (count) => node.mine(count),
    reorganise: (depth) => node.reorganise(depth),
    blockBytes: (height) => node.blockBytes(height),
    fillMempool: async () => {
      await node.fillMempool(3);
      return 6;
    },
    end: () => node.stop(),
    restart: async () => {
      await node.restart("second");
      await writeFile(cookiePath, node.cookie);
    },
    remove: async () => {
      await node.stop();
      await rm(folder, { recursive: true });
    },
  };
}

async function startBitcoind(program: string): Promise<RealNode> {
  const node = await BitcoindNode.start(program);
  return {
    rpcUrl: node.rpcUrl,
    cookiePath: node.cookiePath,
    zmqAddress: node.zmqAddress,
    height: () => node.height(),
    tipHash: () => node.tipHash(),
    mine: (count) => node.mine(count),
    reorganise: (depth) => node.reorganise(depth),
    blockBytes: (height) => node.blockBytes(height),
    // Without a wallet there is nothing that it could sign.
    fillMempool: async () => 0,
    end: () => node.end("SIGTERM"),
    restart: () => node.restart(),
    remove: () => node.stop(),
  };
}
