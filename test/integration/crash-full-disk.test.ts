import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import type { SeededRandom } from "../../src/templates/simulated-transactions.ts";
import { dataDir, endRuns } from "../app/adit-process.ts";
import { BcoinNode } from "../support/bcoin-node.ts";
import { preparing } from "../support/drawn-cases.ts";
import { canMount, SmallDisk } from "../support/small-disk.ts";
import { until } from "../support/wait.ts";
import { canLimit, WriteLimit } from "../support/write-limit.ts";
import { CrashLoad } from "./crash-load.ts";
import { CrashPool, chainOf, lostBlocks, onBcoin } from "./crash-pool.ts";

let node: BcoinNode;
beforeAll(async () => {
  node = await BcoinNode.start();
});
afterAll(() => node.stop());
afterEach(endRuns);

const MINERS = 50;
/** On regtest each share solves a block. */
const MIX = { blockOneIn: 1, atOnce: 1, pauseMs: 10 };
const FAULT_SAID = "shares cannot be stored: their acknowledgements wait";
const RECOVERY_SAID = "shares are stored and acknowledged again";

/** The disk of a pool's data folder, which can be full. */
type Disk = {
  readonly folder: string;
  /** What the pool is started by. */
  readonly launcher: () => readonly string[];
  /** The pool runs, as this process or no longer. */
  readonly follow: (pid: number | undefined) => void;
  /** Takes all the room that there is, also what has become free since the last time. */
  readonly fill: () => void;
  readonly drain: () => void;
};

/** A real one: what files have room for already can still be written, and what is removed makes room. */
function smallDisk(): Disk {
  const disk = SmallDisk.mount(8 * 1_024);
  if (disk === undefined) throw new Error("no disk could be mounted");
  onTestFinished(() => disk.unmount());
  const folder = join(disk.folder, "data");
  return { folder, launcher: () => [], follow: () => undefined, fill: () => disk.fill(), drain: () => disk.drain() };
}

function limitedWrites(): Disk {
  const limit = new WriteLimit();
  return {
    folder: dataDir(),
    launcher: () => limit.launcher,
    follow: (pid) => limit.follow(pid),
    fill: () => limit.set(),
    drain: () => limit.lift(),
  };
}

/** Many processes of one pool, each of which is killed, on one disk that is full every so often. */
class FullDiskScene {
  readonly load: CrashLoad;
  readonly pool: CrashPool;
  readonly #disk: Disk;
  readonly #random: SeededRandom;
  /** Times that no share was acknowledged although shares were found, for as long as the disk was full. */
  silences = 0;
  /** Of what was said of the ledger. */
  readonly codes = new Set<string>();

  constructor(disk: Disk) {
    this.#disk = disk;
    this.#random = preparing();
    this.load = new CrashLoad(this.#random);
    this.pool = new CrashPool(disk.folder, ...onBcoin(node));
  }

  /** One process, from its start to its end. */
  async round({ startsFull, endsFull }: { readonly startsFull: boolean; readonly endsFull: boolean }): Promise<void> {
    if (startsFull) this.#disk.fill();
    await this.load.connect(await this.start(), MINERS);
    let isFull = startsFull;
    if (isFull) await this.#mineOnFullDisk();
    else await this.#mine();
    for (let changes = Number(startsFull !== endsFull) + 2 * this.#random.between(0, 1); changes > 0; changes -= 1) {
      if (isFull) await this.#recover();
      else await this.#fill();
      isFull = !isFull;
    }
    // In the very moment of an acknowledgement, where there are any: what it promises has to be kept already.
    if (!endsFull) await this.load.mineUntilAcknowledged(() => void this.pool.kill(), MIX);
    await this.pool.kill();
    this.load.disconnect();
    for (const [, code] of this.pool.run?.stderr.matchAll(/"code":"(ledger-[a-z-]+)"/g) ?? [])
      this.codes.add(code ?? "");
    this.#disk.follow(undefined);
    if (endsFull) this.#disk.drain();
  }

  async start(): Promise<string> {
    const url = await this.pool.start(this.#disk.launcher());
    this.#disk.follow(this.pool.run?.process.pid);
    return url;
  }

  async #mine(): Promise<void> {
    await this.load.mine(this.#random.between(1, 300), MIX);
  }

  async #fill(): Promise<void> {
    this.#disk.fill();
    await this.#mineOnFullDisk();
  }

  /** It says why it acknowledges nothing, and does not; the node gets its blocks all the same. */
  async #mineOnFullDisk(): Promise<void> {
    const { height } = node;
    await until("it says why it acknowledges nothing, and the node has further blocks", async () => {
      await this.load.mine(20, MIX);
      this.#disk.fill();
      return this.pool.said(FAULT_SAID) > this.pool.said(RECOVERY_SAID) && node.height > height;
    });
    // For what was acknowledged before, and is under way.
    await this.load.mine(20, MIX);
    const recoveries = this.pool.said(RECOVERY_SAID);
    const { acknowledged } = this.load;
    await this.#mine();
    // What the pool removes itself may have made room enough for a moment.
    const wasSilent = this.load.acknowledged === acknowledged;
    if (wasSilent) this.silences += 1;
    else await until("it says that it stores again", () => this.pool.said(RECOVERY_SAID) > recoveries);
  }

  async #recover(): Promise<void> {
    this.#disk.drain();
    await until("all is acknowledged", () => this.load.unanswered === 0);
    await this.#mine();
  }
}

describe.each([
  { way: "on a small file system", kills: 10, make: smallDisk, isPossible: canMount, codes: ["ledger-disk-full"] },
  {
    way: "that may write nothing",
    kills: 6,
    make: limitedWrites,
    isPossible: canLimit,
    // SQLite knows no more of EFBIG than of a broken disk.
    codes: ["ledger-disk-error", "ledger-disk-full"],
  },
])("a pool $way", ({ kills, make, isPossible, codes }) => {
  it.skipIf(!isPossible)(
    `loses no acknowledged share and no block when its disk is full every so often, and it is killed ${kills} times`,
    async () => {
      const first = node.height + 1;
      const scene = new FullDiskScene(make());
      const { load, pool } = scene;
      for (let round = 1; round <= kills; round += 1) {
        // Each pair comes in turn; a disk that is full from the very first start on has no room for the keys.
        await scene.round({ startsFull: round % 4 >= 2, endsFull: round % 2 === 1 });
      }
      await scene.start();
      let onChain: ReadonlySet<string> = new Set();
      await until("each promised block, or one in its place, is on the chain", async () => {
        onChain = await chainOf(node, first);
        return lostBlocks(load, onChain).length === 0;
      });
      await pool.stop();
      await pool.checkLedger(load);
      // It has tried what it says.
      expect([...scene.codes].sort()).toEqual(codes);
      expect(scene.silences).toBeGreaterThanOrEqual(kills / 2);
      expect(load.promised.length).toBeGreaterThan(kills);
      expect(onChain.size).toBeGreaterThan(kills);
    },
    300_000,
  );
});
