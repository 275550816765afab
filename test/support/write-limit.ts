/**
 * A limit on what a process may write to files: none of its writes succeeds while it holds. Nobody needs a right to set or
 * lift it. Harder than a full disk, on which what a file has room for already is still written; the error is another one,
 * EFBIG. Of Linux.
 */

import { spawnSync } from "node:child_process";

/** The soft limit alone: the hard one stays, so that it can be raised again. */
const NOTHING = "--fsize=0:";
const EVERYTHING = "--fsize=unlimited:";

export class WriteLimit {
  #isSet = false;
  #pid: number | undefined;

  /** What a process that is to be limited is started by. */
  get launcher(): readonly string[] {
    return ["prlimit", this.#isSet ? NOTHING : EVERYTHING, "--"];
  }

  /** @param pid of the process that the limit is for from now on; undefined: of none yet. */
  follow(pid: number | undefined): void {
    this.#pid = pid;
  }

  set(): void {
    this.#isSet = true;
    this.#apply(NOTHING);
  }

  lift(): void {
    this.#isSet = false;
    this.#apply(EVERYTHING);
  }

  #apply(limit: string): void {
    if (this.#pid === undefined) return;
    const { status, stderr } = spawnSync("prlimit", ["--pid", String(this.#pid), limit]);
    if (status !== 0) throw new Error(`the limit could not be changed: ${stderr}`);
  }
}

/** Whether tests that need one can run here; where not, they are skipped. */
export const canLimit: boolean = spawnSync("prlimit", [EVERYTHING, "--", "true"]).status === 0;
