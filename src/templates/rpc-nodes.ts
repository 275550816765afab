/** The configured nodes of a pool, put together: who gives templates, and where blocks go. */

import type { BlockNode } from "./block-node.ts";
import { RpcBlockNode } from "./rpc-block-node.ts";
import { RpcSource, type RpcSourceOptions, type RpcSourceParts } from "./rpc-source.ts";
import type { TemplateSource } from "./template-source.ts";

export type PoolNodes = { readonly templates: TemplateSource; readonly blocks: readonly BlockNode[] };

/** @throws {TemplateError} `node-options-invalid`. */
export function rpcNodes(
  first: RpcSourceOptions,
  others: readonly RpcSourceOptions[],
  parts: RpcSourceParts,
): PoolNodes {
  const templates = new RpcSource(first, parts);
  const blocks = new RpcBlockNode({ ...first, onAccepted: (hash) => templates.hint(hash) }, parts);
  return { templates, blocks: [blocks, ...others.map((node) => new RpcBlockNode(node, parts))] };
}
