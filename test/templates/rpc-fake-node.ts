/**
 * A scripted JSON-RPC server on loopback, for faults that no real node shows on demand. Each call waits until the test
 * answers it, or is answered at once by a standing answer.
 */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { lastingPort } from "../support/lasting-port.ts";
import { within } from "../support/wait.ts";
import { EventQueue } from "./rpc-waiting.ts";

export class FakeCall {
  readonly method: string;
  readonly params: readonly unknown[];
  readonly authorization: string | undefined;
  /** Of the client's socket: tells connections apart. */
  readonly remotePort: number | undefined;
  readonly #id: unknown;
  readonly #request: IncomingMessage;
  readonly response: ServerResponse;

  constructor(body: { method: string; params: unknown[]; id: unknown }, http: [IncomingMessage, ServerResponse]) {
    this.method = body.method;
    this.params = body.params;
    this.#id = body.id;
    [this.#request, this.response] = http;
    this.authorization = this.#request.headers.authorization;
    this.remotePort = this.#request.socket.remotePort;
  }

  get isLongpoll(): boolean {
    return (this.params[0] as { longpollid?: string } | undefined)?.longpollid !== undefined;
  }

  result(result: unknown): void {
    this.http(200, JSON.stringify({ result, error: null, id: this.#id }));
  }

  /** As Bitcoin Core sends it for JSON-RPC version 1: HTTP 500 with the error in the body. */
  error(code: number, message: string): void {
    this.http(500, JSON.stringify({ result: null, error: { code, message }, id: this.#id }));
  }

  http(status: number, body = ""): void {
    this.response.writeHead(status, { "content-type": "application/json" }).end(body);
  }

  /** Breaks the connection. */
  cut(): void {
    this.#request.socket.destroy();
  }

  /** Resolves when the client has gone away. */
  gone(): Promise<void> {
    const socket = this.#request.socket;
    if (socket.destroyed) return Promise.resolve();
    return within(new Promise((resolve) => void socket.once("close", () => resolve())), "the client goes away");
  }
}

export class FakeNode {
  readonly #server: Server;
  /** Calls without a standing answer. A longpoll is queued as `longpoll`. */
  readonly #queues = new Map<string, EventQueue<FakeCall>>();
  /** By method; `longpoll` for longpolls. */
  readonly standing = new Map<string, (call: FakeCall) => void>();
  /** Names of all calls in order. */
  readonly calls: string[] = [];
  port = 0;

  private constructor() {
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const body = JSON.parse(Buffer.concat(chunks).toString("utf8")) as ConstructorParameters<typeof FakeCall>[0];
        this.#take(new FakeCall(body, [request, response]));
      });
    });
    // No connection ends of itself, so that one that goes away was closed by its client.
    this.#server.keepAliveTimeout = 0;
  }

  static async start(): Promise<FakeNode> {
    const node = new FakeNode();
    await node.listen(await lastingPort());
    return node;
  }

  async listen(port: number): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(port, "127.0.0.1", resolve));
    this.port = (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  #take(call: FakeCall): void {
    const name = call.isLongpoll ? "longpoll" : call.method;
    this.calls.push(name);
    const answer = this.standing.get(name);
    if (answer === undefined) this.#queue(name).push(call);
    else answer(call);
  }

  #queue(name: string): EventQueue<FakeCall> {
    let queue = this.#queues.get(name);
    if (queue === undefined) {
      queue = new EventQueue();
      this.#queues.set(name, queue);
    }
    return queue;
  }

  /** The next call of that name that has no standing answer. */
  next(name: string): Promise<FakeCall> {
    return this.#queue(name).next(`a call of ${name}`);
  }

  /** Closes the port and breaks all connections. It can listen again. */
  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }
}
