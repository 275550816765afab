/** A small file system of its own, for what happens on a full or read-only disk. Needs the right to mount one. */

import { spawnSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export class SmallDisk {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  /** Undefined where this process may not mount. The caller unmounts it. */
  static mount(sizeKiB: number): SmallDisk | undefined {
    const folder = mkdtempSync(join(tmpdir(), "adit-disk-"));
    const { status } = spawnSync("mount", ["-t", "tmpfs", "-o", `size=${sizeKiB}k,mode=700`, "tmpfs", folder]);
    if (status === 0) return new SmallDisk(folder);
    rmSync(folder, { recursive: true });
    return undefined;
  }

  /** Takes all the room that is left. */
  fill(): void {
    const ballast = openSync(this.#ballast, "a");
    const page = new Uint8Array(4_096);
    try {
      // Others may write meanwhile: how much room there is shows only when it ends.
      for (;;) writeSync(ballast, page);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
    } finally {
      closeSync(ballast);
    }
  }

  /** Gives the room back. */
  drain(): void {
    rmSync(this.#ballast);
  }

  /** Nothing on it may be open for writing. */
  setReadOnly(isReadOnly: boolean): void {
    const { status, stderr } = spawnSync("mount", ["-o", `remount,${isReadOnly ? "ro" : "rw"}`, this.folder]);
    if (status !== 0) throw new Error(`the disk could not be mounted again: ${stderr}`);
  }

  unmount(): void {
    // Lazily: what a test left open must not keep it.
    spawnSync("umount", ["-l", this.folder]);
    rmSync(this.folder, { recursive: true, force: true });
  }

  get #ballast(): string {
    return join(this.folder, "ballast");
  }
}

/** Whether tests that need one can run here; where not, they are skipped. */
export const canMount: boolean = (() => {
  const disk = SmallDisk.mount(64);
  disk?.unmount();
  return disk !== undefined;
})();
