import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { startThread, type ThreadStart, type WorkerThread } from "../../src/core/worker-thread.ts";
import { nextTurn, until, within } from "../support/wait.ts";

type Told = { readonly thread: WorkerThread<unknown>; readonly messages: unknown[]; readonly ends: string[] };

/** Threads of the program itself, since an entry point has to be one of the package's. */
function started(start: ThreadStart): Told {
  const messages: unknown[] = [];
  const ends: string[] = [];
  const events = {
    onMessage: (message: unknown) => messages.push(message),
    onEnd: (reason: string) => ends.push(reason),
  };
  const thread = startThread<unknown, unknown>(start, events);
  onTestFinished(async () => void (await thread.terminate()));
  return { thread, messages, ends };
}

const spool = (): Told =>
  started({ entry: "#spool-worker", name: "spool", data: join(mkdtempSync(join(tmpdir(), "adit-thread-")), "spool") });

describe("a worker thread", () => {
  it("gets its data and what is posted, and its messages are told", async () => {
    const { thread, messages, ends } = spool();
    thread.post({ id: 7, task: { kind: "read" } });
    await until("it has answered", () => messages.length > 0);
    const reading = { blocks: [], damaged: [], unread: [], foreign: [], unremoved: [], left: 0 };
    expect(messages).toEqual([{ id: 7, result: { ok: true, reading } }]);
    expect(ends).toEqual([]);
  });

  it("that is terminated is told to have ended, once", async () => {
    const { thread, ends } = spool();
    await within(thread.terminate(), "the end");
    await within(thread.terminate(), "the second end");
    await nextTurn();
    expect(ends).toEqual(["it stopped by itself"]);
  });

  it("that fails is told to have ended, once, with what it failed of", async () => {
    const { ends } = started({ entry: "#sharecore-worker", name: "sharecore", data: { module: 5 } });
    await until("it has ended", () => ends.length > 0);
    await nextTurn();
    expect(ends).toEqual(["SharecoreError: the WebAssembly core cannot be started"]);
  });
});
