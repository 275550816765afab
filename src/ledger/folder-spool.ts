/**
 * The spool as a folder, with one file for each block. Its thread writes; this side tries again what failed, says so, and
 * keeps count.
 */

import { Backoff } from "../core/backoff.ts";
import { reversed, toHex } from "../core/bytes.ts";
import type { Clock } from "../core/clock.ts";
import type { Logger } from "../core/logger.ts";
import { Wakeup } from "../core/wakeup.ts";
import { type BlockSpool, type KeptBlock, type LeftBlock, MAX_SPOOLED_BLOCKS, type SpooledBlock } from "./spool.ts";
import { adviceFor } from "./spool-advice.ts";
import { fileNameOf } from "./spool-file.ts";
import { SpoolLink } from "./spool-link.ts";
import type { SpoolFailure } from "./spool-orders.ts";
import { SpoolReader } from "./spool-reader.ts";
import { type StartSpoolThread, startSpoolThread } from "./spool-thread.ts";

export type FolderSpoolOptions = {
  /** Made with the first block; the folder above it has to be there. */
  readonly folder: string;
  /** Starts the thread that writes. */
  readonly startThread?: StartSpoolThread;
};

/** Waits after a write that failed. */
const FIRST_RETRY_MS = 250;
const LONGEST_RETRY_MS = 10_000;

export class FolderSpool implements BlockSpool {
  readonly #folder: string;
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #link: SpoolLink;
  #reader: SpoolReader | undefined;
  /** Blocks whose file is there, or is tried to be written. */
  readonly #held = new Set<FileOfBlock>();

  constructor(options: FolderSpoolOptions, context: { readonly logger: Logger; readonly clock: Clock }) {
    this.#folder = options.folder;
    this.#logger = context.logger;
    this.#clock = context.clock;
    this.#link = new SpoolLink(options.folder, options.startThread ?? startSpoolThread, context.logger);
  }

  async read(take: (left: readonly LeftBlock[]) => void): Promise<void> {
    const onBlocks = (blocks: readonly SpooledBlock[]): void => {
      // What is read late has blocks of this process among it.
      const held = new Set([...this.#held].map(({ name }) => name));
      const left = blocks.filter((block) => !held.has(fileNameOf(block)));
      take(left.map((block) => ({ block, kept: this.#hold(block, true) })));
    };
    const context = { logger: this.#logger, clock: this.#clock };
    this.#reader = new SpoolReader({ folder: this.#folder, link: this.#link, onBlocks }, context);
    await this.#reader.start();
  }

  keep(block: SpooledBlock): KeptBlock {
    if (this.#held.size < MAX_SPOOLED_BLOCKS) return this.#hold(block, false);
    this.#logger.error("the spool is full: the block is submitted without a file", {
      height: block.height,
      hash: toHex(reversed(block.hash)),
      limit: MAX_SPOOLED_BLOCKS,
    });
    return WITHOUT_FILE;
  }

  async close(): Promise<void> {
    this.#reader?.close();
    await Promise.all([...this.#held].map((file) => file.tryLast()));
    await this.#link.close();
  }

  #hold(block: SpooledBlock, written: boolean): KeptBlock {
    const file = new FileOfBlock(block, {
      written,
      link: this.#link,
      clock: this.#clock,
      onFailure: (message, failure, context) => this.#sayFailure(message, failure, context),
      onEnd: () => this.#held.delete(file),
    });
    this.#held.add(file);
    return file;
  }

  #sayFailure(
    message: string,
    { systemCode, reason }: SpoolFailure,
    context: Readonly<Record<string, unknown>> = {},
  ): void {
    const what = { folder: this.#folder, systemCode, reason, whatToDo: adviceFor(systemCode) };
    this.#logger.error(message, { ...context, ...what });
  }
}

const WITHOUT_FILE: KeptBlock = {
  durable: Promise.resolve(),
  async remove() {},
  async setAside() {},
};

type FileContext = {
  /** It is there already. */
  readonly written: boolean;
  readonly link: SpoolLink;
  readonly clock: Clock;
  readonly onFailure: (message: string, failure: SpoolFailure, context: Readonly<Record<string, unknown>>) => void;
  /** There is nothing of it any more. */
  readonly onEnd: () => void;
};

class FileOfBlock implements KeptBlock {
  readonly durable: Promise<void>;
  readonly name: string;
  readonly #height: number;
  readonly #context: FileContext;
  #isWritten: boolean;
  #isFinished = false;
  /** Aborted once the block is finished or the spool closes: what is tried then is tried without a wait, and last. */
  readonly #lastTry = new AbortController();
  readonly #writing: Promise<void>;

  constructor(block: SpooledBlock, context: FileContext) {
    this.name = fileNameOf(block);
    this.#height = block.height;
    this.#context = context;
    this.#isWritten = context.written;
    let onDurable: () => void = () => undefined;
    this.durable = new Promise((resolve) => {
      onDurable = resolve;
    });
    this.#writing = context.written ? Promise.resolve() : this.#write(ownBytes(block), onDurable);
    if (context.written) onDurable();
  }

  async #write(block: SpooledBlock, onDurable: () => void): Promise<void> {
    const waits = new Backoff({ baseMs: FIRST_RETRY_MS, maxMs: LONGEST_RETRY_MS });
    const pause = new Wakeup(this.#context.clock, this.#lastTry.signal);
    for (;;) {
      const isLast = this.#lastTry.signal.aborted;
      const result = await this.#context.link.ask({ kind: "write", block });
      if (result.ok) {
        this.#isWritten = true;
        onDurable();
        return;
      }
      if (this.#isFinished) return;
      const context = { height: this.#height, file: this.name };
      if (isLast) {
        this.#context.onFailure("block not written to the spool", result, context);
        return;
      }
      const waitMs = waits.nextMs();
      this.#context.onFailure("block not written to the spool, trying again", result, { ...context, waitMs });
      await pause.wait(waitMs);
      if (this.#isFinished) return;
    }
  }

  async tryLast(): Promise<void> {
    this.#lastTry.abort();
    await this.#writing;
  }

  remove(): Promise<void> {
    return this.#finish("remove", "a finished block stays in the spool, and is submitted again after a restart");
  }

  setAside(): Promise<void> {
    return this.#finish("set-aside", "a refused block stays in the spool, and is submitted again after a restart");
  }

  async #finish(kind: "remove" | "set-aside", message: string): Promise<void> {
    this.#isFinished = true;
    this.#lastTry.abort();
    await this.#writing;
    if (this.#isWritten) {
      const result = await this.#context.link.ask({ kind, name: this.name });
      if (!result.ok) {
        this.#context.onFailure(message, result, { height: this.#height, file: this.name });
        return;
      }
    }
    this.#context.onEnd();
  }
}

/** With no larger buffer, or one that others write to, behind its bytes: what is sent to the thread is that buffer. */
function ownBytes(block: SpooledBlock): SpooledBlock {
  return { ...block, hash: block.hash.slice(), block: ownBuffer(block.block) };
}

function ownBuffer(bytes: Uint8Array): Uint8Array {
  return bytes.length === bytes.buffer.byteLength ? bytes : bytes.slice();
}
