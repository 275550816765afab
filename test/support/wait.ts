/** Waiting for what another part does, without sleeping for a fixed time. */

/** Long, since a busy machine is no fault of what is tested. */
const DEADLINE_MS = 40_000;
const LOOK_EVERY_MS = 5;

/** Resolves when `condition` holds; fails after a deadline, naming what was waited for. */
export async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + DEADLINE_MS;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`waited in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}

/** Far above what any single event takes, below the runner's own limit. */
const EVENT_DEADLINE_MS = 10_000;

/** `promise`, or an error that names `what` at a deadline. */
export async function within<T>(promise: Promise<T>, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`nothing came of: ${what}`)), EVENT_DEADLINE_MS);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Resolves once all that is ready now has run: promises that follow from each other, and immediates. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Whether that has come to pass by the next turn. */
export async function isSettled(promise: Promise<void>): Promise<boolean> {
  let settled = false;
  void promise.then(() => {
    settled = true;
  });
  await nextTurn();
  return settled;
}
