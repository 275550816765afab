import { createValidator } from "../../src/sharecore/index.ts";
import { describeValidator } from "./validator-suite.ts";

describeValidator("plain JS", (options) => createValidator({ backend: "js", ...options }));
