import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { systemClock } from "../../src/core/clock.ts";
import { FolderSpool } from "../../src/ledger/folder-spool.ts";
import { fileNameOf } from "../../src/ledger/spool-file.ts";
import { SpoolFolder } from "../../src/ledger/spool-folder.ts";
import { type SpoolThread, startSpoolThread } from "../../src/ledger/spool-thread.ts";
import { RecordingLogger } from "../support/recording-logger.ts";
import { until, within } from "../support/wait.ts";
import { spooledBlock } from "./spool-values.ts";

function openSpool(folder: string): { spool: FolderSpool; logger: RecordingLogger; threads: SpoolThread[] } {
  const logger = new RecordingLogger();
  const threads: SpoolThread[] = [];
  const spool = new FolderSpool(
    {
      folder,
      startThread: (...start) => {
        const thread = startSpoolThread(...start);
        threads.push(thread);
        return thread;
      },
    },
    { logger, clock: systemClock },
  );
  onTestFinished(() => spool.close());
  return { spool, logger, threads };
}

function dataFolder(): string {
  return mkdtempSync(join(tmpdir(), "adit-spool-"));
}

it("a block that a thread of its own has written is read by the next process, and gone when it is finished", async () => {
  const folder = join(dataFolder(), "spool");
  const first = openSpool(folder);
  await within(first.spool.keep(spooledBlock()).durable, "the write");
  expect(new SpoolFolder(folder).read().blocks).toEqual([spooledBlock()]);
  const second = openSpool(folder);
  const [left] = await within(second.spool.read(), "the reading");
  expect(left?.block).toEqual(spooledBlock());
  await within(left?.kept.remove() ?? Promise.resolve(), "the end");
  expect(readdirSync(folder)).toEqual([]);
  expect([...first.logger.lines, ...second.logger.lines]).toEqual([]);
});

it("a block is written though its thread was killed meanwhile", async () => {
  const folder = join(dataFolder(), "spool");
  const { spool, threads } = openSpool(folder);
  const { durable } = spool.keep(spooledBlock());
  void threads[0]?.terminate();
  await within(durable, "the write");
  expect(readdirSync(folder)).toEqual([fileNameOf(spooledBlock())]);
});

it("a folder that cannot be made is said, and the block is written once it can", async () => {
  const data = dataFolder();
  const folder = join(data, "spool");
  writeFileSync(folder, "a file is in its place");
  const { spool, logger } = openSpool(folder);
  const { durable } = spool.keep(spooledBlock());
  await until("it is said", () => logger.of("block not written to the spool, trying again").length > 0);
  expect(logger.lines[0]?.context).toMatchObject({ folder, systemCode: "ENOTDIR" });
  rmSync(folder);
  await within(durable, "the write");
  expect(readdirSync(folder)).toEqual([fileNameOf(spooledBlock())]);
});

it("a data folder that was taken away while the pool ran is written to again when it is back", async () => {
  const data = dataFolder();
  const { spool, logger } = openSpool(join(data, "spool"));
  await within(spool.keep(spooledBlock()).durable, "the first write");
  rmSync(data, { recursive: true });
  const { durable } = spool.keep(spooledBlock(2));
  await until("it is said", () => logger.lines.length > 0);
  expect(logger.lines[0]?.context).toMatchObject({ systemCode: "ENOENT" });
  mkdirSync(data);
  await within(durable, "the second write");
  expect(readdirSync(join(data, "spool"))).toEqual([fileNameOf(spooledBlock(2))]);
});
