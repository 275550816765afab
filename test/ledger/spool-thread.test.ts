import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { systemClock } from "../../src/core/clock.ts";
import { FolderSpool } from "../../src/ledger/folder-spool.ts";
import type { LeftBlock } from "../../src/ledger/spool.ts";
import { fileNameOf } from "../../src/ledger/spool-file.ts";
import { SpoolFolder } from "../../src/ledger/spool-folder.ts";
import { type SpoolThread, startSpoolThread } from "../../src/ledger/spool-thread.ts";
import { RecordingLogger } from "../support/recording-logger.ts";
import { canMount, SmallDisk } from "../support/small-disk.ts";
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
  const left: LeftBlock[] = [];
  await within(
    second.spool.read((blocks) => left.push(...blocks)),
    "the reading",
  );
  expect(left.map(({ block }) => block)).toEqual([spooledBlock()]);
  await within(Promise.all(left.map(({ kept }) => kept.remove())), "the end");
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

describe.skipIf(!canMount)("a disk of its own", () => {
  function mounted(): SmallDisk {
    const disk = SmallDisk.mount(256);
    if (disk === undefined) throw new Error("the disk could not be mounted");
    onTestFinished(() => disk.unmount());
    return disk;
  }

  it.each<[string, string, (disk: SmallDisk) => void, (disk: SmallDisk) => void]>([
    ["that is full", "ENOSPC", (disk) => disk.fill(), (disk) => disk.drain()],
    ["that is read-only", "EROFS", (disk) => disk.setReadOnly(true), (disk) => disk.setReadOnly(false)],
  ])("%s is said as %s, and the block is written once that is over", async (_how, systemCode, spoil, mend) => {
    const disk = mounted();
    const folder = join(disk.folder, "spool");
    mkdirSync(folder);
    const { spool, logger } = openSpool(folder);
    spoil(disk);
    const large = spooledBlock(1, { block: Uint8Array.from({ length: 20_000 }, (_, index) => index) });
    const { durable } = spool.keep(large);
    await until("it is said", () => logger.lines.length > 0);
    expect(logger.lines[0]).toMatchObject({ level: "error", context: { systemCode } });
    expect(readdirSync(folder)).toEqual([]);
    mend(disk);
    await within(durable, "the write");
    expect(readdirSync(folder)).toEqual([fileNameOf(large)]);
  });
});
