/** Makes a folder for the pool's own files. */

import * as fs from "node:fs";
import { dirname } from "node:path";
import { type SyncDisk, syncPath } from "../core/sync-path.ts";

const OWNER_ONLY = 0o700;

/** What it uses of the file system. */
export type FolderDisk = SyncDisk & Pick<typeof fs, "mkdirSync" | "statSync">;

/**
 * Makes a folder and those above it, where they are absent, so that they are still there after a power failure. Node's own
 * `recursive` never returns where a folder above exists and takes no others, as `/proc` does.
 * @throws {Error} with a system error's code.
 */
export function makeFolder(path: string, disk: FolderDisk = fs): void {
  try {
    makeOne(path, disk);
  } catch (error) {
    const parent = dirname(path);
    if ((error as NodeJS.ErrnoException).code !== "ENOENT" || parent === path) throw error;
    makeFolder(parent, disk);
    makeOne(path, disk);
  }
}

function makeOne(path: string, disk: FolderDisk): void {
  let isNew = true;
  try {
    disk.mkdirSync(path, { mode: OWNER_ONLY });
  } catch (error) {
    isNew = false;
    const isThere = (error as NodeJS.ErrnoException).code === "EEXIST" && disk.statSync(path).isDirectory();
    if (!isThere) throw error;
  }
  try {
    syncPath(dirname(path), disk);
  } catch (error) {
    // What was there may be of a process that ended before it synced it, or stand in a folder that is not the pool's to open.
    if (isNew) throw error;
  }
}
