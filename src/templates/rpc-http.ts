/**
 * One HTTP POST to a node: with a deadline by the injected clock, a limit on the answer that is checked while it
 * arrives, and an end by signal. Built on node:http, since `fetch` gives up on a longpoll after 300 s. It knows nothing
 * of JSON.
 */

import { type Agent, type ClientRequest, request as httpRequest, type IncomingMessage } from "node:http";
import type { Clock } from "../core/clock.ts";
import { RpcError } from "./errors.ts";
import type { RpcEndpoint } from "./rpc-endpoint.ts";

export type HttpPost = {
  readonly endpoint: RpcEndpoint;
  readonly agent: Agent;
  readonly authorization: string | undefined;
  readonly body: string;
  /** From now to the last byte of the answer. */
  readonly timeoutMs: number;
  readonly maxAnswerBytes: number;
  readonly signal: AbortSignal;
  readonly clock: Clock;
};

export type HttpAnswer = { readonly status: number; readonly body: Buffer };

/**
 * Sends `post` and collects the answer, whatever its status. A kept connection that the node had closed meanwhile costs
 * one more try on a new one.
 * @throws {RpcError} `rpc-unreachable`, `rpc-timeout`, `rpc-answer-too-large`, `rpc-stopped`.
 */
export async function postOnce(post: HttpPost): Promise<HttpAnswer> {
  const first = await attempt(post);
  if (first !== "connection-was-stale") return first;
  const second = await attempt(post);
  if (second !== "connection-was-stale") return second;
  throw unreachable(post.endpoint, "it closes every connection");
}

function attempt(post: HttpPost): Promise<HttpAnswer | "connection-was-stale"> {
  const { endpoint, signal } = post;
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(stopped());
      return;
    }
    const request = httpRequest({
      method: "POST",
      host: endpoint.host,
      port: endpoint.port,
      path: endpoint.path,
      agent: post.agent,
      headers: headersOf(post),
    });
    const onAbort = (): void => void request.destroy(stopped());
    signal.addEventListener("abort", onAbort, { once: true });
    const deadline = post.clock.after(post.timeoutMs, () => request.destroy(timeout(post)));
    const settle = (): void => {
      deadline.cancel();
      signal.removeEventListener("abort", onAbort);
    };
    let answered = false;
    const fail = (error: Error): void => {
      settle();
      if (request.reusedSocket && !answered && closedByPeer(error)) resolve("connection-was-stale");
      else reject(error instanceof RpcError ? error : unreachable(endpoint, error));
    };
    request.on("error", fail);
    request.on("response", (response) => {
      answered = true;
      collect({ request, response, post }).then((body) => {
        settle();
        resolve({ status: response.statusCode ?? 0, body });
      }, fail);
    });
    request.end(post.body);
  });
}

function headersOf(post: HttpPost): Record<string, string | number> {
  const headers: Record<string, string | number> = {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(post.body),
  };
  if (post.authorization !== undefined) headers.authorization = post.authorization;
  return headers;
}

/** The whole body, or the first error: of the request that was destroyed, or of the connection. */
function collect(from: { request: ClientRequest; response: IncomingMessage; post: HttpPost }): Promise<Buffer> {
  const { request, response, post } = from;
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const tooLarge = (): void => {
      const error = new RpcError(
        "rpc-answer-too-large",
        `the node at ${post.endpoint.label} sends an answer of more than ${post.maxAnswerBytes} bytes`,
      );
      reject(error);
      request.destroy(error);
    };
    if (Number(response.headers["content-length"] ?? 0) > post.maxAnswerBytes) {
      tooLarge();
      return;
    }
    response.on("data", (chunk: Buffer) => {
      length += chunk.length;
      if (length > post.maxAnswerBytes) tooLarge();
      else chunks.push(chunk);
    });
    response.on("end", () => resolve(Buffer.concat(chunks, length)));
    response.on("error", reject);
    response.on("close", () => reject(unreachable(post.endpoint, "it closed the connection within an answer")));
  });
}

function closedByPeer(error: Error): boolean {
  const code = (error as NodeJS.ErrnoException).code;
  return code === "ECONNRESET" || code === "EPIPE";
}

function unreachable(endpoint: RpcEndpoint, cause: Error | string): RpcError {
  const why = typeof cause === "string" ? cause : ((cause as NodeJS.ErrnoException).code ?? cause.message);
  return new RpcError("rpc-unreachable", `the node at ${endpoint.label} cannot be reached (${why})`, { cause });
}

function timeout(post: HttpPost): RpcError {
  const seconds = post.timeoutMs / 1_000;
  return new RpcError("rpc-timeout", `the node at ${post.endpoint.label} has not answered within ${seconds} s`);
}

function stopped(): RpcError {
  return new RpcError("rpc-stopped", "the request was ended because its source stops or connects anew");
}
