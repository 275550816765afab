/**
 * That a ledger's file may be damaged, until it was looked through. It outlives the process, as a file beside the ledger:
 * a restart is the first that anybody tries.
 */

import { existsSync, rmSync } from "node:fs";
import { makeOwnFile } from "../core/own-file.ts";
import type { LedgerError } from "./errors.ts";

export class Suspicion {
  readonly #marker: string;
  #isHeld: boolean;
  #verdict: { readonly stamp: string; readonly error: LedgerError } | undefined;

  /** @param file the ledger's. */
  constructor(file: string) {
    this.#marker = `${file}-suspect`;
    this.#isHeld = existsSync(this.#marker);
  }

  get isHeld(): boolean {
    return this.#isHeld;
  }

  hold(): void {
    if (this.#isHeld) return;
    this.#isHeld = true;
    try {
      makeOwnFile(this.#marker, "a");
    } catch {
      // Where nothing can be written it holds for this process, and no more can shares be stored.
    }
  }

  /** What was found of a file with that stamp: it is not looked through again while it is the same. */
  condemn(stamp: string, error: LedgerError): void {
    this.#verdict = { stamp, error };
  }

  /** The fault that a file with that stamp was found to have. */
  verdictOn(stamp: string): LedgerError | undefined {
    return this.#verdict?.stamp === stamp ? this.#verdict.error : undefined;
  }

  /** The file is whole. @throws {Error} the system's, where that cannot be noted. */
  lift(): void {
    rmSync(this.#marker, { force: true });
    this.#isHeld = false;
    this.#verdict = undefined;
  }
}
