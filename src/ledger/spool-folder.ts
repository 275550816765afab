/**
 * The spool's folder on disk: what its thread does there. A file is whole or not there: it is written under another name,
 * synced, renamed, and the folder is synced. Every call blocks, and throws the system's error.
 */

import * as fs from "node:fs";
import { dirname, join } from "node:path";
import { type SyncDisk, syncPath } from "../core/sync-path.ts";
import { MAX_SPOOLED_BLOCKS, type SpooledBlock } from "./spool.ts";
import { decodeSpoolFile, encodeSpoolFile, FILE_NAME, fileNameOf } from "./spool-file.ts";

/** A file that is not taken, and why. `isAside`: it was renamed to NAME.damaged. */
export type DamagedFile = { readonly name: string; readonly reason: string; readonly isAside: boolean };

export type SpoolReading = {
  /** By height, the lowest first; the highest `MAX_SPOOLED_BLOCKS`. */
  readonly blocks: readonly SpooledBlock[];
  readonly damaged: readonly DamagedFile[];
  /** Files that were left for the next start, since there are too many. */
  readonly left: number;
};

const OWNER_ONLY_FILE = 0o600;
const OWNER_ONLY_FOLDER = 0o700;
const UNFINISHED = ".tmp";

/** What it uses of the file system. */
export type SpoolDisk = SyncDisk &
  Pick<typeof fs, "mkdirSync" | "writeFileSync" | "renameSync" | "rmSync" | "readdirSync" | "readFileSync">;

export class SpoolFolder {
  readonly #path: string;
  readonly #disk: SpoolDisk;

  constructor(path: string, disk: SpoolDisk = fs) {
    this.#path = path;
    this.#disk = disk;
  }

  /** Writes a block's file, and makes the folder where it is absent. The block is durable when it returns. */
  write(block: SpooledBlock): void {
    const name = fileNameOf(block);
    const unfinished = join(this.#path, `${name}${UNFINISHED}`);
    this.#make();
    // A try before this one may have left it.
    this.#disk.rmSync(unfinished, { force: true });
    try {
      const file = this.#disk.openSync(unfinished, "wx", OWNER_ONLY_FILE);
      try {
        this.#disk.writeFileSync(file, encodeSpoolFile(block));
        this.#disk.fsyncSync(file);
      } finally {
        this.#disk.closeSync(file);
      }
      this.#disk.renameSync(unfinished, join(this.#path, name));
    } catch (error) {
      this.#removeUnfinished(unfinished);
      throw error;
    }
    syncPath(this.#path, this.#disk);
  }

  /** Removes a block's file; one that is not there is removed. */
  remove(name: string): void {
    this.#disk.rmSync(join(this.#path, name), { force: true });
  }

  /** Renames a block's file to `NAME.refused`; one that is not there is set aside. */
  setAside(name: string): void {
    try {
      this.#disk.renameSync(join(this.#path, name), join(this.#path, `${name}.refused`));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
      throw error;
    }
    syncPath(this.#path, this.#disk);
  }

  /** Reads every block, removes what was not finished, and renames what is damaged. A folder that is absent is empty. */
  read(): SpoolReading {
    const names = this.#names();
    for (const name of names) if (name.endsWith(UNFINISHED)) this.remove(name);
    const files = names
      .filter((name) => FILE_NAME.test(name))
      .sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10));
    const taken = files.slice(-MAX_SPOOLED_BLOCKS);
    const blocks: SpooledBlock[] = [];
    const damaged: DamagedFile[] = [];
    for (const name of taken) {
      try {
        const block = decodeSpoolFile(this.#disk.readFileSync(join(this.#path, name)));
        if (fileNameOf(block) !== name) throw new Error("its name is another block's");
        blocks.push(block);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        damaged.push({ name, reason, isAside: this.#damage(name) });
      }
    }
    return { blocks, damaged, left: files.length - taken.length };
  }

  #names(): readonly string[] {
    try {
      return this.#disk.readdirSync(this.#path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
      throw error;
    }
  }

  /** It takes room on a disk that may be full. What keeps it there is said by the write that failed. */
  #removeUnfinished(path: string): void {
    try {
      this.#disk.rmSync(path, { force: true });
    } catch {
      // The next start removes it.
    }
  }

  #damage(name: string): boolean {
    try {
      this.#disk.renameSync(join(this.#path, name), join(this.#path, `${name}.damaged`));
      return true;
    } catch {
      return false;
    }
  }

  /** The folder above it has the pool's keys, so it is there. */
  #make(): void {
    try {
      this.#disk.mkdirSync(this.#path, { mode: OWNER_ONLY_FOLDER });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EEXIST") return;
      throw error;
    }
    syncPath(dirname(this.#path), this.#disk);
  }
}
