/**
 * What a node's answer to a JSON-RPC call means: the result, or an error with a sentence for an operator. Reads both
 * dialects of the envelope: version 1 (Bitcoin Core's HTTP 500 with an error in the body) and version 2 (HTTP 200).
 */

import { printableText } from "../core/printable-text.ts";
import { RpcError } from "./errors.ts";
import type { HttpAnswer } from "./rpc-http.ts";

export type AnswerContext = {
  /** `http://HOST:PORT`. */
  readonly label: string;
  readonly method: string;
  readonly requestId: number;
  /** What to check when the node refuses the credentials. */
  readonly credentialAdvice: string;
};

/** Arbitrary: enough for every error of Bitcoin Core, and one log line. */
const MAX_WORDS = 200;

/** A node's words as they may stand in a message: printable, on one line, at most 200 characters. */
export function printable(words: string): string {
  const oneLine = printableText(
    words
      .slice(0, 4 * MAX_WORDS)
      // They may be a page of HTML, whose lines and indents say nothing.
      .replace(/\s+/g, " ")
      .trim(),
  );
  return oneLine.length > MAX_WORDS ? `${oneLine.slice(0, MAX_WORDS)}…` : oneLine;
}

/**
 * The `result` of an answer; any JSON value, `undefined` never.
 * @throws {RpcError}
 */
export function resultOf(answer: HttpAnswer, context: AnswerContext): unknown {
  const { label, method } = context;
  if (answer.status === 401) {
    throw new RpcError(
      "rpc-unauthorized",
      `the node at ${label} refuses the pool's credentials: ${context.credentialAdvice}`,
    );
  }
  if (answer.status === 403) {
    throw new RpcError(
      "rpc-forbidden",
      `the node at ${label} forbids ${method}: check its rpcallowip and rpcwhitelist`,
    );
  }
  const envelope = parseEnvelope(answer.body);
  const error = envelope?.error;
  if (typeof error === "object" && error !== null) throw nodeError(error as Record<string, unknown>, context);
  if (answer.status !== 200) {
    const words = printable(answer.body.toString("utf8", 0, 4 * MAX_WORDS));
    throw new RpcError(
      "rpc-http-status",
      `the node at ${label} answers ${method} with HTTP ${answer.status} (${words})`,
    );
  }
  if (envelope === undefined) throw invalid(context, "is not JSON");
  if (envelope.id !== context.requestId) throw invalid(context, "belongs to another request");
  const hasError = error !== undefined && error !== null;
  if (envelope.result === undefined || hasError) throw invalid(context, "has neither a result nor an error");
  return envelope.result;
}

function parseEnvelope(body: Buffer): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(body.toString("utf8"));
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function invalid(context: AnswerContext, what: string): RpcError {
  return new RpcError(
    "rpc-answer-invalid",
    `the answer of the node at ${context.label} to ${context.method} ${what}: is this the RPC port of a Bitcoin node?`,
  );
}

function nodeError(error: Record<string, unknown>, context: AnswerContext): RpcError {
  const rpcCode = typeof error.code === "number" ? error.code : 0;
  const nodeWords = printable(typeof error.message === "string" ? error.message : "");
  const sentence = `the node at ${context.label} ${meaningOf(rpcCode, context.method)}`;
  return new RpcError("rpc-error", `${sentence} (${rpcCode}: ${nodeWords})`, { rpcCode, nodeWords });
}

/** The error numbers are those of Bitcoin Core's `rpc/protocol.h`. */
function meaningOf(rpcCode: number, method: string): string {
  switch (rpcCode) {
    case -28:
      return "is warming up";
    case -9:
      return "has no peers, so that it cannot know the newest block; it needs a connection to the network";
    case -10:
      return "is still downloading the chain; it gives templates when that is done";
    case -8:
      return `finds ${method} called with the wrong rules: it needs one that this pool does not know`;
    case -22:
      return "cannot decode what it was sent";
    case -32601:
      return `does not know ${method}: is it a full node that can mine?`;
    default:
      return `answers ${method} with an error`;
  }
}
