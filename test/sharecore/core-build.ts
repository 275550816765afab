/**
 * Which build of the WASM core the tests run against: the committed one, or a fresh one in the folder that
 * TEST_SHARECORE_PKG names (`npm run check:wasm` sets it).
 */

import { readFileSync } from "node:fs";
import { join } from "node:path";

const folder = process.env.TEST_SHARECORE_PKG;

/** To be spread into the options of validators and scanners. */
export const CORE_BUILD: { readonly moduleBytes?: Uint8Array } =
  folder === undefined ? {} : { moduleBytes: readFileSync(join(folder, "sharecore_bg.wasm")) };
