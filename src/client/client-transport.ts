/**
 * The client's end of a connection without I/O: bytes in, frames out, and back. In Noise mode it is the initiator and
 * checks the pool's certificate. SV2 §4.5, §4.6.
 */

import { concatBytes } from "../core/bytes.ts";
import { ACT_TWO_BYTES, NoiseInitiator } from "../noise/handshake-state.ts";
import type { FrameHandler, FrameReader, FrameSealer } from "../wire/frame.ts";
import { FrameSplitter } from "../wire/frame-splitter.ts";

export type ClientTransportOptions =
  | { readonly kind: "plaintext" }
  | {
      readonly kind: "noise";
      /** 32 bytes; undefined: who signed the certificate is not checked. */
      readonly authorityPublicKey: Uint8Array | undefined;
      /** Unix time, against which the certificate's validity is checked: read when it has come, so a getter is in order. */
      readonly nowSeconds: number;
    };

export class ClientTransport {
  readonly #initiator: NoiseInitiator | undefined;
  #actTwo: Uint8Array = new Uint8Array(0);
  #reader: FrameReader | undefined;
  #sealer: FrameSealer | undefined;

  constructor(options: ClientTransportOptions) {
    if (options.kind === "plaintext") {
      this.#reader = new FrameSplitter("client");
      this.#sealer = { seal: (frame) => frame };
    } else {
      this.#initiator = new NoiseInitiator(options);
    }
  }

  /** What has to be sent before anything else; empty for plaintext. */
  opening(): Uint8Array {
    return this.#initiator?.writeActOne() ?? new Uint8Array(0);
  }

  /** The pool's certificate as it came, also where it is wrong; undefined before that, and in plaintext. */
  get certificate(): Uint8Array | undefined {
    return this.#initiator?.certificate;
  }

  /** Whether frames can be sealed. */
  get ready(): boolean {
    return this.#sealer !== undefined;
  }

  /**
   * Takes bytes of the pool.
   * @param onReady called once, when frames can be sealed and before any is delivered.
   * @throws {NoiseError} where the handshake, the certificate or a MAC is wrong; {WireError} for a frame too long.
   */
  receive(chunk: Uint8Array, handlers: { readonly onReady: () => void; readonly onFrame: FrameHandler }): void {
    if (this.#reader !== undefined) return this.#reader.push(chunk, handlers.onFrame);
    this.#actTwo = concatBytes(this.#actTwo, chunk);
    if (this.#initiator === undefined || this.#actTwo.length < ACT_TWO_BYTES) return;
    this.#initiator.readActTwo(this.#actTwo.subarray(0, ACT_TWO_BYTES));
    const { reader, sealer } = this.#initiator.transport();
    this.#reader = reader;
    this.#sealer = sealer;
    const rest = this.#actTwo.subarray(ACT_TWO_BYTES);
    this.#actTwo = new Uint8Array(0);
    handlers.onReady();
    if (rest.length > 0) reader.push(rest, handlers.onFrame);
  }

  /** Seals a frame. Only when `ready`. */
  seal(frame: Uint8Array): Uint8Array {
    if (this.#sealer === undefined) throw new Error("frames can be sealed only after the handshake");
    return this.#sealer.seal(frame);
  }
}
