/**
 * A real ZMQ publisher, as Bitcoin Core's `zmqpubhashblock`. Of the XPUB kind, which sends the same and tells besides
 * when somebody subscribes: what is published before that is lost.
 */

import { XPublisher } from "zeromq";
import { lastingPort } from "../support/lasting-port.ts";
import { within } from "../support/wait.ts";

export class TipPublisher {
  readonly #socket: XPublisher;
  readonly address: string;
  #sequence = 0;

  private constructor(socket: XPublisher) {
    this.#socket = socket;
    this.address = socket.lastEndpoint ?? "";
  }

  /** @param address by default a free one. */
  static async start(address?: string): Promise<TipPublisher> {
    const socket = new XPublisher({ linger: 0 });
    const wanted = address ?? `tcp://127.0.0.1:${await lastingPort()}`;
    await within(bindOnceFree(socket, wanted), `the address ${wanted}`);
    return new TipPublisher(socket);
  }

  async subscribed(): Promise<void> {
    await this.#expect("\u0001hashblock");
  }

  async unsubscribed(): Promise<void> {
    await this.#expect("\u0000hashblock");
  }

  async #expect(wanted: string): Promise<void> {
    const [message] = await within(this.#socket.receive(), `the subscriber's ${JSON.stringify(wanted)}`);
    if (message?.toString("latin1") !== wanted) throw new Error(`the subscriber said ${message?.toString("hex")}`);
  }

  /** @param tip 64 digits as the RPC prints it. */
  async announce(tip: string): Promise<void> {
    const sequence = Buffer.alloc(4);
    sequence.writeUInt32LE(this.#sequence);
    this.#sequence += 1;
    await this.send([Buffer.from("hashblock"), Buffer.from(tip, "hex"), sequence]);
  }

  async send(frames: Buffer[]): Promise<void> {
    await this.#socket.send(frames);
  }

  /** Frees the address; ZeroMQ's own thread may take some moments more for it. */
  async stop(): Promise<void> {
    await this.#socket.unbind(this.address);
    this.#socket.close();
  }
}

/** A publisher that was stopped a moment ago may hold the address still. */
async function bindOnceFree(socket: XPublisher, address: string): Promise<void> {
  for (;;) {
    try {
      return await socket.bind(address);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}
