/** What can go wrong with a source of templates. The message is a sentence for an operator, and never holds a secret. */

import { AditError, IGNORE, SHUTDOWN } from "../core/errors.ts";

export type TemplateErrorCode =
  /** The node's template, or one field of it, cannot be used. */
  | "template-invalid"
  /** The node gives templates that do not stand on the tip that it names. */
  | "template-stale"
  /** Of several nodes, none has as much work as one showed before that is gone, or has less itself. */
  | "nodes-behind"
  /** The node is of another network than the pool. */
  | "wrong-network"
  /** Blocks of a signet need a signature that the pool cannot make. */
  | "signet-unsupported"
  /** An option of the source is wrong. */
  | "node-options-invalid";

/** Disposition `shutdown` for what waiting cannot mend at the start, else `ignore`: the source tries again. */
export class TemplateError extends AditError {
  override readonly name = "TemplateError";
  constructor(code: TemplateErrorCode, message: string, details: Readonly<Record<string, unknown>> = {}) {
    const lasting = code === "wrong-network" || code === "signet-unsupported" || code === "node-options-invalid";
    super(message, { code, disposition: lasting ? SHUTDOWN : IGNORE, details });
  }
}

export type RpcErrorCode =
  | "rpc-unreachable"
  | "rpc-timeout"
  | "rpc-cookie-unreadable"
  | "rpc-unauthorized"
  | "rpc-forbidden"
  | "rpc-http-status"
  | "rpc-answer-invalid"
  | "rpc-answer-too-large"
  /** The node answered with an error of its own; `rpcCode` is its number. */
  | "rpc-error"
  /** The source was stopped while it waited. */
  | "rpc-stopped";

/** A call to the node that brought no result. Always to be tried again. */
export class RpcError extends AditError {
  override readonly name = "RpcError";
  /** The node's own error number with code `rpc-error`, else undefined. */
  readonly rpcCode: number | undefined;
  /** The node's own words with code `rpc-error`, else undefined. At most 200 printable characters. */
  readonly nodeWords: string | undefined;

  constructor(
    code: RpcErrorCode,
    message: string,
    facts: { readonly rpcCode?: number; readonly nodeWords?: string; readonly cause?: unknown } = {},
  ) {
    const details = facts.rpcCode === undefined ? {} : { rpcCode: facts.rpcCode };
    super(message, { code, disposition: IGNORE, details, cause: facts.cause });
    this.rpcCode = facts.rpcCode;
    this.nodeWords = facts.nodeWords;
  }
}
