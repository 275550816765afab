/** The clock's timers keep no process alive: what waits for nothing else would be cut off by its end. */

const DAY_MS = 86_400_000;

/** As `work` ends, until which the process goes on. */
export async function keepAlive<T>(work: Promise<T>): Promise<T> {
  const alive = setInterval(() => undefined, DAY_MS);
  try {
    return await work;
  } finally {
    clearInterval(alive);
  }
}
