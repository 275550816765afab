/** Waiting for what another part does, without sleeping for a fixed time. */

/** Long, since a busy machine is no fault of what is tested. */
const DEADLINE_MS = 60_000;
const LOOK_EVERY_MS = 5;

/** Resolves when `condition` holds; fails after a deadline, naming what was waited for. */
export async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + DEADLINE_MS;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`waited in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}
