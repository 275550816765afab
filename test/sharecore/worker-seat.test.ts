import { describe, expect, it } from "vitest";
import { VERDICT_BYTES } from "../../src/sharecore/record-layout.ts";
import { openRing } from "../../src/sharecore/ring-layout.ts";
import { VerdictWriter } from "../../src/sharecore/verdict-ring.ts";
import { WorkerSeat } from "../../src/sharecore/worker-seat.ts";
import type { WorkerThread } from "../../src/sharecore/worker-thread.ts";

const THREAD: WorkerThread = { ref: () => undefined, unref: () => undefined, terminate: () => Promise.resolve() };

describe("a worker's seat", () => {
  it("takes no verdict that it did not ask for", () => {
    let memory: SharedArrayBuffer | undefined;
    const seat = new WorkerSeat(
      {
        startThread: (given) => {
          memory = given;
          return THREAD;
        },
        jobRecord: () => new Uint8Array(0),
      },
      { cells: 2048, jobSlots: 1 },
    );
    seat.start();
    if (memory === undefined) throw new Error("no thread was started");
    new VerdictWriter(openRing(memory)).write(new Uint8Array(VERDICT_BYTES));
    expect(() => seat.answerBell()).toThrow(expect.objectContaining({ code: "core-unusable" }));
  });
});
