/** Puts a validator together from its options. The defaults and their reasons stand where the parts are. */

import { SharecoreError } from "./errors.ts";
import { InlineValidator } from "./inline-validator.ts";
import { resolveJobSlots } from "./job-table.ts";
import { JsCore } from "./js-core.ts";
import type { ShareValidator } from "./types.ts";
import { WasmCore } from "./wasm-core.ts";
import { loadModule } from "./wasm-module.ts";
import { WasmShareCore } from "./wasm-share-core.ts";
import { WorkerPool } from "./worker-pool.ts";
import type { WorkerPoolDependencies, WorkerPoolOptions } from "./worker-pool-options.ts";

export type ValidatorOptions =
  | {
      /** `js`: readable and slow. `wasm`: four shares at a time. `wasm-scalar`: one at a time, for comparison. */
      readonly backend: "js" | "wasm" | "wasm-scalar";
      /** Jobs that can be registered at once, 1 to 262,144; 16,384 by default. */
      readonly jobSlots?: number;
      /** Another build of the WASM core than the package's own. */
      readonly moduleBytes?: Uint8Array;
    }
  | ({ readonly backend: "workers" } & WorkerPoolOptions);

/**
 * Makes a validator. The `workers` backend starts its threads at once; they do not keep the program alive while they
 * have nothing to do.
 * @param dependencies where the `workers` backend logs and counts; by default nowhere.
 * @throws {SharecoreError} `option-invalid`, `core-unusable`.
 */
export function createValidator(
  options: ValidatorOptions,
  dependencies: Partial<WorkerPoolDependencies> = {},
): ShareValidator {
  const { backend } = options;
  switch (backend) {
    case "js":
      return new InlineValidator(new JsCore(), { backend, jobSlots: resolveJobSlots(options.jobSlots) });
    case "wasm":
    case "wasm-scalar": {
      const jobSlots = resolveJobSlots(options.jobSlots);
      const core = new WasmCore(loadModule(options.moduleBytes), { jobSlots, scalar: backend === "wasm-scalar" });
      return new InlineValidator(new WasmShareCore(core), { backend, jobSlots });
    }
    case "workers":
      return new WorkerPool(options, dependencies);
    default:
      throw new SharecoreError("a validator's backend is js, wasm, wasm-scalar or workers", {
        code: "option-invalid",
        details: { backend },
      });
  }
}
