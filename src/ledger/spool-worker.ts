/** Entry point of the spool's thread: it does one task after the other until it is terminated. */

import { parentPort, workerData } from "node:worker_threads";
import { SpoolFolder } from "./spool-folder.ts";
import { carryOut, type SpoolAnswer, type SpoolOrder } from "./spool-orders.ts";

const folder = new SpoolFolder(String(workerData));
parentPort?.on("message", ({ id, task }: SpoolOrder) => {
  const answer: SpoolAnswer = { id, result: carryOut(task, folder) };
  parentPort?.postMessage(answer);
});
