/**
 * The spool's folder on disk: what its thread does there. A file is whole or not there: it is written under another name,
 * synced, renamed, and the folder is synced. Every call blocks, and throws the system's error.
 */

import * as fs from "node:fs";
import { dirname, join } from "node:path";
import { type SyncDisk, syncPath } from "../core/sync-path.ts";
import { MAX_SPOOLED_BLOCKS, type SpooledBlock } from "./spool.ts";
import { type SystemFault, systemFault } from "./spool-advice.ts";
import { decodeSpoolFile, encodeSpoolFile, FILE_NAME, fileNameOf } from "./spool-file.ts";

/** A file that was read and is none of the spool's. `isAside`: it was renamed to NAME.damaged. */
export type DamagedFile = { readonly name: string; readonly reason: string; readonly isAside: boolean };

/** A file that the system does not let the pool read or remove: it stays. */
export type FaultyFile = SystemFault & { readonly name: string };

export type SpoolReading = {
  /** By height, the lowest first; the highest `MAX_SPOOLED_BLOCKS`. */
  readonly blocks: readonly SpooledBlock[];
  readonly damaged: readonly DamagedFile[];
  /** Files that can perhaps be read later. */
  readonly unread: readonly FaultyFile[];
  /** Files of other versions, which are left to these. */
  readonly foreign: readonly { readonly name: string; readonly version: number }[];
  /** What was not finished, and is still there. */
  readonly unremoved: readonly FaultyFile[];
  /** Files that were left for the next start, since there are too many. */
  readonly left: number;
};

type Gathered = {
  readonly [Kind in Exclude<keyof SpoolReading, "unremoved" | "left">]: SpoolReading[Kind][number][];
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
  /** This process has synced the folder's name. One that it found may be of a process that ended before it did so. */
  #isInParent = false;

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

  /**
   * Reads every block, removes what was not finished, and renames what is damaged. A folder that is absent is empty. A file
   * that cannot be read holds up no other.
   * @param names of the files to read, as an earlier reading told of them; without it all that there are.
   */
  read(names?: readonly string[]): SpoolReading {
    const found = names ?? this.#names();
    const unremoved = found.filter((name) => name.endsWith(UNFINISHED)).flatMap((name) => this.#removeLeft(name));
    const files = found
      .filter((name) => FILE_NAME.test(name))
      .sort((a, b) => Number.parseInt(b, 10) - Number.parseInt(a, 10));
    if (files.length > 0) this.#syncLeft();
    const gathered: Gathered = { blocks: [], damaged: [], unread: [], foreign: [] };
    let left = 0;
    for (const name of files) {
      if (gathered.blocks.length + gathered.unread.length < MAX_SPOOLED_BLOCKS) this.#gather(name, gathered);
      else left += 1;
    }
    gathered.blocks.reverse();
    return { ...gathered, unremoved, left };
  }

  #gather(name: string, { blocks, damaged, unread, foreign }: Gathered): void {
    let bytes: Uint8Array;
    try {
      bytes = this.#disk.readFileSync(join(this.#path, name));
    } catch (error) {
      const fault = systemFault(error);
      // One that an operator took away meanwhile is not waited for.
      if (fault.systemCode !== "ENOENT") unread.push({ name, ...fault });
      return;
    }
    const file = decodeSpoolFile(bytes);
    if (file.kind === "other-version") {
      foreign.push({ name, version: file.version });
    } else if (file.kind === "block" && fileNameOf(file.block) === name) {
      blocks.push(file.block);
    } else {
      const reason = file.kind === "damaged" ? file.reason : "its name is another block's";
      damaged.push({ name, reason, isAside: this.#damage(name) });
    }
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

  /** Of an earlier process. On a disk that cannot be written it stays, and is in nobody's way. */
  #removeLeft(name: string): FaultyFile[] {
    try {
      this.remove(name);
      return [];
    } catch (error) {
      return [{ name, ...systemFault(error) }];
    }
  }

  /** An earlier process may have ended before it did so. What fails now is done, or said, by the next write. */
  #syncLeft(): void {
    try {
      syncPath(this.#path, this.#disk);
      this.#syncParent();
    } catch {
      // Blocks can be submitted all the same.
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
      this.#isInParent = false;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    this.#syncParent();
  }

  #syncParent(): void {
    if (this.#isInParent) return;
    syncPath(dirname(this.#path), this.#disk);
    this.#isInParent = true;
  }
}
