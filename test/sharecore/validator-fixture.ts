/** What the suites for every implementation of `ShareValidator` have in common. */

import type { ShareValidator } from "../../src/sharecore/index.ts";
import { SharecoreError } from "../../src/sharecore/index.ts";

/** Makes a validator that is closed after the test. */
export type Open = (options?: { jobSlots?: number }) => ShareValidator;

/** The code of the error that is thrown, or that there was none. */
export function errorCode(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof SharecoreError) return error.code;
    throw error;
  }
  return "no error";
}
