/**
 * The simulated chain on disk, so that its blocks outlive the process: one line of JSON for each block, appended before the
 * block's submitter is answered. It is not synced: what was written is the system's and outlives a killed process, and a
 * chain that nobody else has is not worth what a power failure is guarded against with.
 */

import { appendFileSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { fromHex, reversed, toHex } from "../core/bytes.ts";
import type { Logger } from "../core/logger.ts";
import { type ChainBlock, KEPT_BLOCKS } from "./simulated-chain.ts";

/** The file is written anew, with the last blocks alone, when it has so many lines: a megabyte and a half. */
const MAX_LINES = 10_000;
const OWNER_ONLY = 0o600;
const HASH = /^[0-9a-f]{64}$/;

export class SimulatedChainFile {
  readonly #path: string;
  readonly #bits: number;
  readonly #logger: Logger;
  #lines = 0;
  /** It could not be used, and that was said: the chain goes on in memory. */
  #isGivenUp = false;

  /** @param bits of the chain: one of another difficulty is another chain. */
  constructor(path: string, bits: number, logger: Logger) {
    this.#path = path;
    this.#bits = bits;
    this.#logger = logger;
  }

  /**
   * The last `KEPT_BLOCKS` that an earlier process wrote, oldest first. Empty where there are none, or the file is another
   * chain's, or damaged: it is renamed to PATH.old then.
   */
  read(): readonly ChainBlock[] {
    try {
      const text = this.#text();
      // What is behind the last line's end was cut off while it was written.
      const lines = text.split("\n").slice(0, -1);
      const blocks = lines.map((line, index) => blockOf(line, this.#bits, index));
      if (blocks.some((block, index) => index > 0 && block.height !== (blocks[index - 1]?.height ?? 0) + 1)) {
        throw new OtherChain("its heights have a gap");
      }
      return blocks.slice(-KEPT_BLOCKS);
    } catch (error) {
      this.#putAside(error);
      return [];
    }
  }

  /** Makes the file hold these alone. */
  write(blocks: readonly ChainBlock[]): void {
    this.#try(() => {
      const unfinished = `${this.#path}.tmp`;
      writeFileSync(unfinished, blocks.map((block) => this.#line(block)).join(""), { mode: OWNER_ONLY });
      renameSync(unfinished, this.#path);
      this.#lines = blocks.length;
    });
  }

  /** Adds the newest of `blocks`. */
  append(blocks: readonly ChainBlock[]): void {
    const newest = blocks.at(-1);
    if (newest === undefined) return;
    if (this.#lines >= MAX_LINES) {
      this.write(blocks);
      return;
    }
    this.#try(() => {
      appendFileSync(this.#path, this.#line(newest), { mode: OWNER_ONLY });
      this.#lines += 1;
    });
  }

  #text(): string {
    try {
      return readFileSync(this.#path, "utf8");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
      throw error;
    }
  }

  #line({ height, hash, time, foundBy }: ChainBlock): string {
    return `${JSON.stringify({ height, hash: toHex(reversed(hash)), time, foundBy, bits: this.#bits })}\n`;
  }

  /** Another chain's file is kept aside; one that cannot be read is left as it is. */
  #putAside(error: unknown): void {
    if (!(error instanceof OtherChain)) {
      this.#giveUp(error);
      return;
    }
    const old = `${this.#path}.old`;
    this.#try(() => renameSync(this.#path, old));
    const { message: reason } = error;
    if (!this.#isGivenUp) this.#logger.warn("simulated node: a new chain begins", { reason, old });
  }

  #try(work: () => void): void {
    if (this.#isGivenUp) return;
    try {
      work();
    } catch (error) {
      this.#giveUp(error);
    }
  }

  #giveUp(error: unknown): void {
    this.#isGivenUp = true;
    const reason = error instanceof Error ? error.message : String(error);
    this.#logger.warn("simulated node: its chain is not kept, and begins anew with the next start", { reason });
  }
}

/** What makes a file another chain's than the present one. */
class OtherChain extends Error {}

function blockOf(line: string, bits: number, index: number): ChainBlock {
  const fields = fieldsOf(line);
  const { height, hash, time, foundBy } = fields;
  if (typeof fields.bits === "number" && fields.bits !== bits) throw new OtherChain("it is of another difficulty");
  const isWhole = Number.isSafeInteger(height) && Number.isSafeInteger(time) && fields.bits === bits;
  if (isWhole && typeof hash === "string" && isFinder(foundBy) && HASH.test(hash)) {
    return { height: Number(height), time: Number(time), hash: reversed(fromHex(hash)), foundBy };
  }
  throw new OtherChain(`its line ${index + 1} is damaged`);
}

function isFinder(value: unknown): value is ChainBlock["foundBy"] {
  return value === "pool" || value === "others";
}

function fieldsOf(line: string): Readonly<Record<string, unknown>> {
  try {
    const fields: unknown = JSON.parse(line);
    if (typeof fields === "object" && fields !== null) return fields as Record<string, unknown>;
  } catch {
    // As a line without fields.
  }
  return {};
}
