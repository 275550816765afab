/**
 * Reads what an earlier process left in the spool's folder: what the system does not give is asked for again until it does,
 * since a block of the pool's may be in it. It says what is wrong with the rest.
 */

import { Backoff } from "../core/backoff.ts";
import type { Clock } from "../core/clock.ts";
import type { Logger } from "../core/logger.ts";
import { Wakeup } from "../core/wakeup.ts";
import type { SpoolFaultCode } from "./errors.ts";
import type { SpooledBlock } from "./spool.ts";
import { adviceFor, type SystemFault } from "./spool-advice.ts";
import type { SpoolReading } from "./spool-folder.ts";
import type { SpoolLink } from "./spool-link.ts";

/** Waits after a reading that failed. */
const FIRST_RETRY_MS = 250;
const LONGEST_RETRY_MS = 60_000;

export type SpoolReaderOptions = {
  readonly folder: string;
  readonly link: SpoolLink;
  readonly onBlocks: (blocks: readonly SpooledBlock[]) => void;
};

/** What is still to be read: the files that are named, or without names the folder. */
type Unread = { readonly names?: readonly string[]; readonly fault: SystemFault };

export class SpoolReader {
  readonly #options: SpoolReaderOptions;
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #closing = new AbortController();

  constructor(options: SpoolReaderOptions, context: { readonly logger: Logger; readonly clock: Clock }) {
    this.#options = options;
    this.#logger = context.logger;
    this.#clock = context.clock;
  }

  /** Resolves once everything was tried; what failed is tried again. Never rejects. */
  async start(): Promise<void> {
    const unread = await this.#read();
    if (unread !== undefined) void this.#readAgain(unread);
  }

  /** Nothing more is read: the next start does so. */
  close(): void {
    this.#closing.abort();
  }

  async #readAgain(first: Unread): Promise<void> {
    const { signal } = this.#closing;
    const waits = new Backoff({ baseMs: FIRST_RETRY_MS, maxMs: LONGEST_RETRY_MS });
    const pause = new Wakeup(this.#clock, signal);
    for (let unread: Unread | undefined = first; unread !== undefined; ) {
      if (signal.aborted) return;
      const waitMs = waits.nextMs();
      this.#sayUnread(unread, waitMs);
      await pause.wait(waitMs);
      if (signal.aborted) return;
      unread = await this.#read(unread.names);
    }
    if (!signal.aborted) this.#logger.info("all blocks of the spool are read", { folder: this.#options.folder });
  }

  /** @returns what it could not read. */
  async #read(names?: readonly string[]): Promise<Unread | undefined> {
    const result = await this.#options.link.ask(names === undefined ? { kind: "read" } : { kind: "read", names });
    if (!result.ok) return names === undefined ? { fault: result } : { names, fault: result };
    if (result.reading === undefined || this.#closing.signal.aborted) return undefined;
    const { blocks, unread } = result.reading;
    this.#sayRest(result.reading);
    if (blocks.length > 0) this.#options.onBlocks(blocks);
    const [fault] = unread;
    return fault && { names: unread.map(({ name }) => name), fault };
  }

  #sayUnread({ names, fault }: Unread, waitMs: number): void {
    const { systemCode, reason } = fault;
    this.#error("spool-unreadable", "blocks of the spool cannot be read, trying again", {
      ...(names && { file: names[0], files: names.length }),
      systemCode,
      reason,
      whatToDo: adviceFor(systemCode),
      waitMs,
    });
  }

  #sayRest({ damaged, foreign, unremoved, left }: SpoolReading): void {
    for (const { name, reason, isAside } of damaged) {
      const file = isAside ? `${name}.damaged` : name;
      this.#error("spool-damaged", "a block of the spool is damaged and is set aside", { file, reason });
    }
    for (const { name: file, version } of foreign) {
      this.#error("spool-version", "a block of the spool is left to the version that wrote it", { file, version });
    }
    const { folder } = this.#options;
    for (const { name: file, systemCode, reason } of unremoved) {
      const context = { folder, file, systemCode, reason, whatToDo: adviceFor(systemCode) };
      this.#logger.warn("an unfinished file of the spool cannot be removed", context);
    }
    if (left > 0) {
      this.#logger.error("the spool has too many blocks: the oldest wait for the next start", { left });
    }
  }

  #error(code: SpoolFaultCode, message: string, context: Readonly<Record<string, unknown>>): void {
    this.#logger.error(message, { code, folder: this.#options.folder, ...context });
  }
}
