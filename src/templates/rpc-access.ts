/** Where a node's JSON-RPC is, how the pool is let in, and what it calls the node: what every part that asks it needs. */

import type { Network } from "../bitcoin/network.ts";
import { createCredentials, type RpcCredentialOptions, type RpcCredentials } from "./rpc-credentials.ts";
import { parseRpcUrl, type RpcEndpoint } from "./rpc-endpoint.ts";

export type RpcAccessOptions = RpcCredentialOptions & {
  /** `http://[USER:PASSWORD@]HOST[:PORT]`. */
  readonly rpcUrl: string;
  readonly network: Network;
};

export type RpcAccess = {
  /** Of the source and of the node in logs and records: `rpc:http://HOST:PORT`. */
  readonly name: string;
  readonly endpoint: RpcEndpoint;
  readonly credentials: RpcCredentials;
  readonly network: Network;
};

/** @throws {TemplateError} `node-options-invalid`. */
export function rpcAccess(options: RpcAccessOptions): RpcAccess {
  const endpoint = parseRpcUrl(options.rpcUrl, options.network);
  const credentials = createCredentials(options, endpoint);
  return { name: `rpc:${endpoint.label}`, endpoint, credentials, network: options.network };
}
