/** The real disk, watched or with one fault. */

import * as fs from "node:fs";
import type { SpoolDisk } from "../../src/ledger/spool-folder.ts";

/** Of which every call is told, once it is done. */
export function watched(tell: (call: string, parameters: readonly unknown[], result: unknown) => void): SpoolDisk {
  return new Proxy(fs, {
    get:
      (real, call: keyof SpoolDisk) =>
      (...parameters: unknown[]): unknown => {
        const result = (real[call] as (...all: unknown[]) => unknown)(...parameters);
        tell(call, parameters, result);
        return result;
      },
  });
}

export function systemError(code: string, what: string): Error {
  return Object.assign(new Error(`${code}: ${what}`), { code });
}

/** That fails that call, as the system does. */
export function failing(call: keyof SpoolDisk, code: string): SpoolDisk {
  const fail = (): never => {
    throw systemError(code, call);
  };
  return { ...fs, [call]: fail };
}
