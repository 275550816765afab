/** The configured nodes of a pool, put together: who gives templates, and where blocks go. */

import type { BlockNode } from "./block-node.ts";
import { FailoverSource } from "./failover-source.ts";
import { NodeWatch } from "./node-watch.ts";
import { RpcBlockNode } from "./rpc-block-node.ts";
import { RpcSource, type RpcSourceOptions, type RpcSourceParts } from "./rpc-source.ts";
import type { TemplateSource } from "./template-source.ts";

export type PoolNodes = { readonly templates: TemplateSource; readonly blocks: readonly BlockNode[] };

/**
 * @param first in the order of preference for templates.
 * @throws {TemplateError} `node-options-invalid`.
 */
export function rpcNodes(
  first: RpcSourceOptions,
  others: readonly RpcSourceOptions[],
  parts: RpcSourceParts,
): PoolNodes {
  if (others.length === 0) {
    const templates = new RpcSource(first, parts);
    return { templates, blocks: [new RpcBlockNode({ ...first, onAccepted: (hash) => templates.hint(hash) }, parts)] };
  }
  const all = [first, ...others];
  const nodes = all.map((options) => {
    // The first one is made now, so that what is wrong with its options shows at the start.
    const made = [new RpcSource(options, parts)];
    return {
      watch: new NodeWatch(options, parts),
      createSource: (): RpcSource => made.pop() ?? new RpcSource(options, parts),
    };
  });
  const templates = new FailoverSource({ nodes, network: first.network }, parts);
  const blocks = all.map((options, index) => {
    return new RpcBlockNode({ ...options, onAccepted: (hash) => templates.hint(index, hash) }, parts);
  });
  return { templates, blocks };
}
