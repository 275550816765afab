/**
 * Bitcoin Core for tests, where the environment variable BITCOIND names its program: regtest in a folder of its own,
 * JSON-RPC and ZMQ on loopback, no peers. POSIX only.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { watch } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { lastingPort } from "./lasting-port.ts";

/** The program's path, or undefined: then suites that need it are skipped. */
export const BITCOIND: string | undefined = process.env.BITCOIND;

/** Segwit is active from the beginning; the coinbases of the first blocks are mature. */
const FIRST_HEIGHT = 120;
/** BIP173's example program on regtest. */
const ADDRESS = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080";
const START_DEADLINE_MS = 60_000;

export class BitcoindNode {
  readonly #program: string;
  readonly #folder: string;
  readonly port: number;
  readonly zmqAddress: string;
  #process: ChildProcess | undefined;

  private constructor(place: { program: string; folder: string; ports: readonly [number, number] }) {
    this.#program = place.program;
    this.#folder = place.folder;
    this.port = place.ports[0];
    this.zmqAddress = `tcp://127.0.0.1:${place.ports[1]}`;
  }

  static async start(program: string): Promise<BitcoindNode> {
    const folder = await mkdtemp(join(tmpdir(), "adit-bitcoind-"));
    const node = new BitcoindNode({ program, folder, ports: [await lastingPort(), await lastingPort()] });
    try {
      await node.restart();
      await node.mine(FIRST_HEIGHT);
      return node;
    } catch (error) {
      await node.stop();
      throw error;
    }
  }

  get rpcUrl(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Rewritten by the node at each start. */
  get cookiePath(): string {
    return join(this.#folder, "regtest", ".cookie");
  }

  async height(): Promise<number> {
    return (await this.call("getblockcount")) as number;
  }

  async tipHash(): Promise<string> {
    return (await this.call("getbestblockhash")) as string;
  }

  async mine(count = 1): Promise<string> {
    const hashes = (await this.call("generatetoaddress", count, ADDRESS)) as string[];
    return hashes.at(-1) ?? "";
  }

  /** Replaces the newest `depth` blocks by a branch that is one longer. Returns the new tip's hash. */
  async reorganise(depth: number): Promise<string> {
    const height = await this.height();
    await this.call("invalidateblock", await this.call("getblockhash", height - depth + 1));
    return this.mine(depth + 1);
  }

  async blockBytes(height: number): Promise<Uint8Array> {
    const hex = await this.call("getblock", await this.call("getblockhash", height), 0);
    return Uint8Array.from(Buffer.from(hex as string, "hex"));
  }

  async call(method: string, ...params: unknown[]): Promise<unknown> {
    const cookie = await readFile(this.cookiePath, "utf8");
    const response = await fetch(this.rpcUrl, {
      method: "POST",
      headers: { authorization: `Basic ${Buffer.from(cookie).toString("base64")}` },
      body: JSON.stringify({ jsonrpc: "1.0", id: 1, method, params }),
    });
    const answer = (await response.json()) as { result: unknown; error: { message: string } | null };
    if (answer.error !== null) throw new Error(`${method}: ${answer.error.message}`);
    return answer.result;
  }

  /** Starts it, again after a stop. Resolves when it answers. */
  async restart(): Promise<void> {
    const started = join(this.#folder, `started-${Date.now()}`);
    const arrival = fileArrives(this.#folder, started);
    this.#process = spawn(
      this.#program,
      [
        "-regtest",
        "-server",
        "-listen=0",
        "-listenonion=0",
        "-dnsseed=0",
        "-fixedseeds=0",
        "-printtoconsole=0",
        `-datadir=${this.#folder}`,
        `-rpcport=${this.port}`,
        "-rpcbind=127.0.0.1",
        "-rpcallowip=127.0.0.1",
        `-zmqpubhashblock=${this.zmqAddress}`,
        `-startupnotify=touch ${started}`,
      ],
      { stdio: "ignore" },
    );
    await arrival;
  }

  /** Ends it, in order where it is to be started again: a node that is killed forgets its newest blocks. */
  async end(signal: "SIGTERM" | "SIGKILL"): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (child === undefined || child.exitCode !== null) return;
    const exit = once(child, "exit");
    child.kill(signal);
    await exit;
  }

  async stop(): Promise<void> {
    await this.end("SIGKILL");
    await rm(this.#folder, { recursive: true, force: true });
  }
}

function fileArrives(folder: string, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => settle(new Error("bitcoind did not start in time")), START_DEADLINE_MS);
    const watcher = watch(folder, (_event, name) => {
      if (name !== null && path.endsWith(name)) settle();
    });
    const settle = (error?: Error): void => {
      clearTimeout(late);
      watcher.close();
      if (error === undefined) resolve();
      else reject(error);
    };
  });
}
