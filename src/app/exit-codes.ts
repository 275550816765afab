/** What the program ends with. docs/errors.md says the same. */

/** Told to stop, and stopped in order; or done with what was asked. */
export const EXIT_OK = 0;
/** Something failed while it ran. */
export const EXIT_FAILURE = 1;
/** A wrong flag, key, value, address or file; nothing was started. */
export const EXIT_USAGE = 2;
/** Ended at once by a second signal: 128 and the signal's number. */
export const EXIT_SIGINT = 130;
export const EXIT_SIGTERM = 143;
