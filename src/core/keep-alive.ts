/** The clock's timers keep no process alive: what waits for nothing else would be cut off by its end. */

/** As `work` ends, until which the process goes on. */
export async function keepAlive<T>(work: Promise<T>): Promise<T> {
  const alive = setInterval(() => undefined, LONGEST_INTERVAL_MS);
  try {
    return await work;
  } finally {
    clearInterval(alive);
  }
}

/** A longer one would be taken for none. */
const LONGEST_INTERVAL_MS = 2 ** 31 - 1;
