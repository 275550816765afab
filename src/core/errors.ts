/**
 * The error base of the whole pool. An error carries what the one who catches it has to do with it (its
 * disposition), so that a handler never guesses from a message's text.
 *
 * A bad share is a verdict and not an error; nothing on the share path throws.
 */

/**
 * What follows from an error:
 * - `reply`: answer the peer with `errorCode` (a code of docs/errors.md); the connection lives on.
 * - `ignore`: count and log it; nothing is sent.
 * - `disconnect`: the connection ends, other connections are untouched.
 * - `shutdown`: the process cannot go on; it ends in order.
 */
export type Disposition =
  | { readonly kind: "reply"; readonly errorCode: string }
  | { readonly kind: "ignore" }
  | { readonly kind: "disconnect" }
  | { readonly kind: "shutdown" };

export const IGNORE: Disposition = { kind: "ignore" };
export const DISCONNECT: Disposition = { kind: "disconnect" };
export const SHUTDOWN: Disposition = { kind: "shutdown" };

export type AditErrorOptions = {
  /** Stable, kebab-case, listed in docs/errors.md. */
  readonly code: string;
  readonly disposition: Disposition;
  /** The facts, for a log line's context: plain values, no keys, no secrets. */
  readonly details?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
};

/** Base of all errors that the pool throws on purpose. */
export class AditError extends Error {
  override readonly name: string = "AditError";
  readonly code: string;
  readonly disposition: Disposition;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(message: string, options: AditErrorOptions) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = options.code;
    this.disposition = options.disposition;
    this.details = options.details ?? {};
  }
}
