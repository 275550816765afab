import { createValidator } from "../../src/sharecore/index.ts";
import { CORE_BUILD } from "./core-build.ts";
import { describeValidator } from "./validator-suite.ts";

describeValidator("workers", (options) =>
  createValidator({ backend: "workers", workers: 2, ...CORE_BUILD, ...options }),
);

describeValidator("workers, nothing inline", (options) =>
  createValidator({ backend: "workers", workers: 2, inlineCompressions: 0, ...CORE_BUILD, ...options }),
);
