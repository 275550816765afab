import { createValidator } from "../../src/sharecore/index.ts";
import { CORE_BUILD } from "./core-build.ts";
import { describeValidator } from "./validator-suite.ts";

for (const backend of ["wasm-scalar", "wasm"] as const) {
  describeValidator(backend, (options) => createValidator({ backend, ...CORE_BUILD, ...options }));
}
