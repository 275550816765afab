/** Entry point of a worker thread of the pool; see `worker-loop.ts`. It runs until the pool terminates it. */

import { parentPort, workerData } from "node:worker_threads";
import { openRing } from "./ring-layout.ts";
import { WasmCore } from "./wasm-core.ts";
import { WorkerLoop, type WorkerStart } from "./worker-loop.ts";

const { module, memory, jobSlots } = workerData as WorkerStart;
const core = new WasmCore(module, { jobSlots, scalar: false });
const loop = new WorkerLoop(core, openRing(memory), () => parentPort?.postMessage(undefined));
for (;;) loop.serve();
