/** The worker pool's options, with their defaults and the reasons for them. */

import { availableParallelism } from "node:os";
import { type Clock, systemClock } from "../core/clock.ts";
import { type Logger, nullLogger } from "../core/logger.ts";
import { createMetricRegistry, type MetricRegistry } from "../core/metrics.ts";
import { SharecoreError } from "./errors.ts";
import { resolveJobSlots } from "./job-table.ts";
import { DEFAULT_RING_CELLS } from "./ring-layout.ts";

export type WorkerPoolOptions = {
  /** Worker threads, 1 to 64. By default one less than the machine has cores for, at least 1 and at most 8. */
  readonly workers?: number;
  /** Jobs that can be registered at once, 1 to 262,144; 16,384 by default. */
  readonly jobSlots?: number;
  /**
   * Cells of each worker's rings, a power of two from 2,048 to 65,536; 8,192 by default. At most so many shares are
   * under way at one worker.
   */
  readonly ringCells?: number;
  /**
   * A batch that costs fewer SHA-256 compressions than this is hashed in the calling thread while the workers have
   * nothing to do; 0 sends everything to them. The default is explained at its constant.
   */
  readonly inlineCompressions?: number;
  /** Another build of the WASM core than the package's own. */
  readonly moduleBytes?: Uint8Array;
};

export type WorkerPoolDependencies = {
  readonly logger: Logger;
  readonly metrics: MetricRegistry;
  readonly clock: Clock;
};

/**
 * 133 standard shares, or 9 extended ones with a path of 12 levels. Measured on two cores of a Xeon: to wake a worker
 * and to be called back costs the calling thread 30 to 50 µs, in which it hashes about that much itself, at 90 to
 * 110 ns per compression; and a worker's answer takes some 70 µs longer. It is also the least that a part of a
 * divided batch costs.
 */
const DEFAULT_INLINE_COMPRESSIONS = 400;

/** More than 8 threads hash millions of shares per second, which no single process can receive. */
const DEFAULT_MAX_WORKERS = 8;
/** A bound against mistakes. */
const MAX_WORKERS = 64;

export type ResolvedPoolOptions = Required<Omit<WorkerPoolOptions, "moduleBytes">>;

/** @throws {SharecoreError} `option-invalid`. What a ring accepts is checked where it is made. */
export function resolvePoolOptions(options: WorkerPoolOptions): ResolvedPoolOptions {
  const spareCores = availableParallelism() - 1;
  const {
    workers = Math.max(1, Math.min(spareCores, DEFAULT_MAX_WORKERS)),
    ringCells = DEFAULT_RING_CELLS,
    inlineCompressions = DEFAULT_INLINE_COMPRESSIONS,
  } = options;
  if (!Number.isInteger(workers) || workers < 1 || workers > MAX_WORKERS) {
    throw new SharecoreError(`workers is a whole number from 1 to ${MAX_WORKERS}`, {
      code: "option-invalid",
      details: { workers },
    });
  }
  if (!(inlineCompressions >= 0)) {
    throw new SharecoreError("inlineCompressions is 0 or more", {
      code: "option-invalid",
      details: { inlineCompressions },
    });
  }
  return { workers, jobSlots: resolveJobSlots(options.jobSlots), ringCells, inlineCompressions };
}

/** What was not given: no logging, metrics that nobody reads, the machine's clock. */
export function resolveDependencies(given: Partial<WorkerPoolDependencies>): WorkerPoolDependencies {
  return {
    logger: given.logger ?? nullLogger,
    metrics: given.metrics ?? createMetricRegistry(),
    clock: given.clock ?? systemClock,
  };
}
