/** A scripted node that hands on what it is asked to a real one, and what that answers back: what a test holds waits. */

import type { BcoinNode } from "../support/bcoin-node.ts";
import { type FakeCall, FakeNode } from "./rpc-fake-node.ts";

const METHODS = [
  "getblockchaininfo",
  "getbestblockhash",
  "getblockhash",
  "getblockheader",
  "getblocktemplate",
  "longpoll",
  "submitblock",
  "preciousblock",
] as const;

export class HeldNode {
  readonly node: FakeNode;
  readonly #real: BcoinNode;

  private constructor(node: FakeNode, real: BcoinNode) {
    this.node = node;
    this.#real = real;
  }

  /** Longpolls wait for ever, all else is handed on at once. */
  static async before(real: BcoinNode): Promise<HeldNode> {
    const held = new HeldNode(await FakeNode.start(), real);
    held.releaseAll();
    return held;
  }

  /** As at the begin. */
  releaseAll(): void {
    for (const method of METHODS) {
      if (method === "longpoll") this.hold(method);
      else this.release(method);
    }
  }

  /** Every call is answered like that, or not at all. */
  answerAll(answer: (call: FakeCall) => void): void {
    for (const method of METHODS) this.node.standing.set(method, answer);
  }

  hold(method: (typeof METHODS)[number]): void {
    this.node.standing.delete(method);
  }

  release(method: (typeof METHODS)[number]): void {
    this.node.standing.set(method, (call) => void this.handOn(call));
  }

  async handOn(call: FakeCall): Promise<void> {
    const response = await fetch(this.#real.rpcUrl, {
      method: "POST",
      headers: { authorization: `Basic ${Buffer.from(this.#real.cookie).toString("base64")}` },
      body: JSON.stringify({ id: 1, method: call.method, params: call.params }),
    });
    const { result, error } = (await response.json()) as {
      result: unknown;
      error: { code: number; message: string } | null;
    };
    if (error === null) call.result(result);
    else call.error(error.code, error.message);
  }
}
