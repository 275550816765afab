/**
 * The pool's side of every Noise handshake: its static key and a certificate for it, signed by the authority key, that
 * is renewed in time while the pool runs. SV2 §4.5.2, §4.5.3.
 */

import type { Clock } from "../core/clock.ts";
import { isoTime } from "../core/iso-time.ts";
import type { Logger } from "../core/logger.ts";
import { issueCertificate } from "../noise/certificate.ts";
import { type EllswiftKeyPair, xOnlyOf } from "../noise/ellswift.ts";
import { NoiseResponder } from "../noise/handshake-state.ts";

export type NoiseIdentityOptions = {
  /** 32 bytes. */
  readonly authoritySecretKey: Uint8Array;
  readonly staticKeyPair: EllswiftKeyPair;
};

/** Miners' clocks drift: a certificate is valid from an hour before it was made. */
const BACKDATED_SECONDS = 3_600;

/** Short-lived, so that a stolen static key is worth little; renewed when half of it is over. */
const VALID_SECONDS = 24 * 3_600;

export class NoiseIdentity {
  readonly #options: NoiseIdentityOptions;
  readonly #logger: Logger;
  readonly #clock: Clock;
  #certificate: Uint8Array = new Uint8Array(0);
  /** Seconds. */
  #issuedAt = 0;
  #renewAt = 0;

  constructor(options: NoiseIdentityOptions, context: { readonly logger: Logger; readonly clock: Clock }) {
    this.#options = options;
    this.#logger = context.logger;
    this.#clock = context.clock;
  }

  /** SIGNATURE_NOISE_MESSAGE, 74 bytes, valid now and for some hours. */
  certificate(): Uint8Array {
    const nowSeconds = Math.floor(this.#clock.nowMs() / 1000);
    // Where the clock was set back, miners whose clocks are behind would find one from later not valid yet.
    if (nowSeconds >= this.#renewAt || nowSeconds < this.#issuedAt) this.#issue(nowSeconds);
    return this.#certificate;
  }

  #issue(nowSeconds: number): void {
    const isRenewal = this.#certificate.length > 0;
    // A machine without a clock of its own begins in 1970 until it is told the time.
    const validFrom = Math.max(0, nowSeconds - BACKDATED_SECONDS);
    const notValidAfter = nowSeconds + VALID_SECONDS;
    this.#issuedAt = nowSeconds;
    this.#renewAt = (validFrom + notValidAfter) / 2;
    this.#certificate = issueCertificate({
      authoritySecretKey: this.#options.authoritySecretKey,
      staticPublicKeyX: xOnlyOf(this.#options.staticKeyPair.ellswift),
      validFrom,
      notValidAfter,
    });
    if (isRenewal) {
      this.#logger.info("certificate renewed", {
        validFrom: isoTime(validFrom),
        notValidAfter: isoTime(notValidAfter),
      });
    }
  }

  /** A responder for one handshake. */
  createResponder(): NoiseResponder {
    return new NoiseResponder({
      staticKeyPair: this.#options.staticKeyPair,
      certificate: this.certificate(),
    });
  }
}
