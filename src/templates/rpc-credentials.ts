/**
 * How the pool proves to a node's JSON-RPC who it is: by the cookie file that the node rewrites at every start, or by
 * user and password. Whoever holds these never logs the header.
 */

import { open } from "node:fs/promises";
import { RpcError } from "./errors.ts";
import type { RpcEndpoint } from "./rpc-endpoint.ts";

/** A cookie is some 75 bytes; arbitrary, and enough to say that another file is meant. */
const MAX_COOKIE_BYTES = 1_024;

export interface RpcCredentials {
  /** The `authorization` header, or undefined where none is configured or the cookie was not read yet. */
  readonly header: string | undefined;
  /** What an operator has to check when the node refuses them: half a sentence. */
  readonly advice: string;
  /**
   * Reads again what can change.
   * @throws {RpcError} `rpc-cookie-unreadable`.
   */
  reload(): Promise<void>;
}

export type RpcCredentialOptions = {
  /** Path of the node's cookie file, or empty. Goes before user and password. */
  readonly rpcCookie?: string;
  /** User and password, or empty. They go before those in the URL. */
  readonly rpcUser?: string;
  readonly rpcPassword?: string;
};

export function createCredentials(options: RpcCredentialOptions, endpoint: RpcEndpoint): RpcCredentials {
  const cookiePath = options.rpcCookie ?? "";
  if (cookiePath !== "") return new CookieCredentials(cookiePath);
  const name = options.rpcUser ?? "";
  const password = options.rpcPassword ?? "";
  if (name !== "" || password !== "") return fixedCredentials(`${name}:${password}`, "check rpc_user and rpc_password");
  if (endpoint.user === undefined) {
    return fixedCredentials(undefined, "set rpc_cookie to the node's cookie file, or rpc_user and rpc_password");
  }
  return fixedCredentials(`${endpoint.user.name}:${endpoint.user.password}`, "check the user and password in rpc_url");
}

function fixedCredentials(userAndPassword: string | undefined, advice: string): RpcCredentials {
  const header = userAndPassword === undefined ? undefined : basic(userAndPassword);
  return { header, advice, reload: () => Promise.resolve() };
}

class CookieCredentials implements RpcCredentials {
  readonly #path: string;
  #header: string | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  get header(): string | undefined {
    return this.#header;
  }

  get advice(): string {
    return `is ${this.#path} the cookie file of this node?`;
  }

  async reload(): Promise<void> {
    const cookie = (await readStart(this.#path)).trim();
    // A node that is starting creates the file before it fills it.
    if (!/^[^:\s]+:\S+$/.test(cookie)) {
      throw new RpcError("rpc-cookie-unreadable", `the file ${this.#path} is not a node's cookie (user:password)`);
    }
    this.#header = basic(cookie);
  }
}

async function readStart(path: string): Promise<string> {
  try {
    const file = await open(path, "r");
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(MAX_COOKIE_BYTES + 1), 0, MAX_COOKIE_BYTES + 1, 0);
      return bytesRead > MAX_COOKIE_BYTES ? "" : buffer.toString("utf8", 0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    const why =
      code === "ENOENT"
        ? "does not exist; the node writes it when it starts"
        : `cannot be read (${code ?? "unknown reason"})`;
    throw new RpcError("rpc-cookie-unreadable", `the node's cookie file ${path} ${why}`, { cause });
  }
}

function basic(userAndPassword: string): string {
  return `Basic ${Buffer.from(userAndPassword, "utf8").toString("base64")}`;
}
