/** Has what was written outlive a power failure. */

import * as fs from "node:fs";

/** What it uses of the file system. */
export type SyncDisk = Pick<typeof fs, "openSync" | "fsyncSync" | "closeSync">;

/**
 * Syncs a file, or a folder: so that the names in it are still there.
 * @throws {Error} with a system error's code.
 */
export function syncPath(path: string, disk: SyncDisk = fs): void {
  const descriptor = disk.openSync(path, "r");
  try {
    disk.fsyncSync(descriptor);
  } finally {
    disk.closeSync(descriptor);
  }
}
