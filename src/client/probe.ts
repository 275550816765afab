/**
 * A probe of a pool as a machine without I/O: connects as a miner would, up to its first job, looks at each step and
 * takes its leave. It does not mine. Here are bytes, handshake and times; the messages are the part of
 * `ProbeConversation`, socket and timer that of `run-probe.ts`. SV2 §4.5.
 */

import { concatBytes } from "../core/bytes.ts";
import type { Moment } from "../core/clock.ts";
import { AditError } from "../core/errors.ts";
import { isoTime } from "../core/iso-time.ts";
import { readCertificate } from "../noise/certificate.ts";
import { ClientTransport } from "./client-transport.ts";
import type { ClientIdentity } from "./opening-frames.ts";
import { ProbeConversation } from "./probe-conversation.ts";
import type { CertificateFacts, ProbeEvent, ProbeFacts, ProbeStep } from "./probe-events.ts";
import { endFault, foreignFault, type ProbedPlace, readingFault, timeoutFault } from "./probe-faults.ts";

export type ProbeOptions = {
  readonly identity: ClientIdentity;
  readonly plaintext: boolean;
  /** 32 bytes; undefined: who signed the certificate is not checked. */
  readonly authorityPublicKey: Uint8Array | undefined;
  /** For each step. */
  readonly timeoutSeconds: number;
};

export type ProbeHost = {
  /** Bytes for the pool. */
  send(bytes: Uint8Array): void;
  /** Nothing more will be sent: close this side once that is written. */
  finish(): void;
  onStep(event: ProbeEvent): void;
  /** The probe is over. @param error what is wrong; undefined where all is right. */
  onDone(error: Error | undefined): void;
};

/** Of what a server answers first: enough to see whether it is text. */
const HEARD_BYTES = 64;

export class Probe {
  readonly #options: ProbeOptions;
  readonly #host: ProbeHost;
  readonly #conversation: ProbeConversation;
  #transport: ClientTransport | undefined;
  #step: ProbeStep = "connect";
  #now: Moment;
  #stepBeganMs: number;
  /** The first bytes that came. */
  #heard: Uint8Array = new Uint8Array(0);
  #done = false;

  constructor(options: ProbeOptions, host: ProbeHost, now: Moment) {
    this.#options = options;
    this.#host = host;
    this.#now = now;
    this.#stepBeganMs = now.monotonicMs;
    this.#conversation = new ProbeConversation(options.identity, {
      send: (frame) => this.#host.send(this.#transport?.seal(frame) ?? frame),
      onStep: (facts, notes) => this.#complete(facts, this.#conversation.step, notes),
    });
  }

  /** @param remote where the connection leads. */
  connected(remote: { readonly address: string; readonly port: number }, now: Moment): void {
    this.#now = now;
    const { plaintext, authorityPublicKey } = this.#options;
    this.#complete({ step: "connect", ...remote }, plaintext ? "setup" : "handshake");
    const nowSeconds = (): number => this.#nowSeconds;
    this.#transport = new ClientTransport(
      plaintext
        ? { kind: "plaintext" }
        : {
            kind: "noise",
            authorityPublicKey,
            // Some pools sign a certificate for each handshake, and do not backdate it.
            get nowSeconds() {
              return nowSeconds();
            },
          },
    );
    if (plaintext) this.#conversation.begin();
    else this.#host.send(this.#transport.opening());
  }

  /** Takes bytes of the pool. */
  receive(chunk: Uint8Array, now: Moment): void {
    if (this.#done) return;
    this.#now = now;
    const before = this.#step;
    try {
      this.#listen(chunk);
      this.#transport?.receive(chunk, {
        onReady: () => this.#shookHands(),
        onFrame: (header, payload) => this.#conversation.receive(header, payload, this.#nowSeconds),
      });
    } catch (error) {
      this.#fail(readingFault(this.#place, { step: this.#step, error, heard: this.#heard }));
    }
    if (this.#step === "close" && before !== "close" && !this.#done) this.#host.finish();
  }

  /** The connection is over. @param cause what the socket reported; undefined where the pool closed it. */
  ended(cause: Error | undefined, now: Moment): void {
    if (this.#done) return;
    this.#now = now;
    if (this.#step === "close") return this.#finished();
    this.#fail(endFault(this.#place, { step: this.#step, cause, heard: this.#heard }));
  }

  /** The present step has taken as long as it may. */
  timedOut(now: Moment): void {
    if (this.#done) return;
    this.#now = now;
    // All is said: a pool that leaves its side open does no harm.
    if (this.#step === "close") return this.#finished();
    const seconds = this.#options.timeoutSeconds;
    this.#fail(timeoutFault(this.#place, { step: this.#step, seconds, heard: this.#heard }));
  }

  /** Looks at the first bytes. @throws {ClientError} where they are no pool's. */
  #listen(chunk: Uint8Array): void {
    if (this.#heard.length >= HEARD_BYTES) return;
    this.#heard = concatBytes(this.#heard, chunk).slice(0, HEARD_BYTES);
    const foreign = foreignFault(this.#place, this.#heard);
    if (foreign !== undefined) throw foreign;
  }

  #shookHands(): void {
    this.#complete({ step: "handshake" }, "certificate");
    const isChecked = this.#options.authorityPublicKey !== undefined;
    const certificate = this.#certificate(isChecked ? "valid" : "not-checked");
    if (certificate === undefined) throw new Error("a handshake that is over has a certificate");
    const notes = isChecked ? [] : ["the URL has no key, so it was not checked who signed the certificate"];
    if (certificate.clockDriftSeconds !== 0) {
      notes.push("this machine's clock is outside of the certificate's time, by so little that not every miner minds");
    }
    this.#complete({ step: "certificate", ...certificate }, "setup", notes);
    this.#conversation.begin();
  }

  #certificate(signature: CertificateFacts["signature"]): CertificateFacts | undefined {
    const message = this.#transport?.certificate;
    if (message === undefined) return undefined;
    const { version, validFrom, notValidAfter } = readCertificate(message);
    const now = this.#nowSeconds;
    return {
      version,
      validFrom: isoTime(validFrom),
      notValidAfter: isoTime(notValidAfter),
      clockDriftSeconds: now < validFrom ? now - validFrom : Math.max(0, now - notValidAfter),
      secondsLeft: notValidAfter - now,
      signature,
    };
  }

  #complete(facts: ProbeFacts, next: ProbeStep, notes: readonly string[] = []): void {
    const ms = this.#stepMs();
    this.#step = next;
    this.#host.onStep({ ...facts, ok: true, ms, notes });
  }

  #finished(): void {
    this.#done = true;
    this.#host.onStep({ step: "close", ok: true, ms: this.#stepMs(), notes: [] });
    this.#host.onDone(undefined);
  }

  #fail(error: Error): void {
    this.#done = true;
    const code = error instanceof AditError ? error.code : "internal-error";
    const isOfCertificate = code.startsWith("certificate-");
    // The handshake itself was right.
    if (isOfCertificate) this.#complete({ step: "handshake" }, "certificate");
    const certificate = isOfCertificate
      ? this.#certificate(code === "certificate-signature" ? "not-valid" : "not-checked")
      : undefined;
    const failed = { step: this.#step, ok: false, ms: this.#stepMs(), code, error: error.message } as const;
    this.#host.onStep(certificate === undefined ? failed : { ...failed, certificate });
    this.#host.onDone(error);
  }

  /** How long the present step has taken; the next one begins. */
  #stepMs(): number {
    const { monotonicMs } = this.#now;
    const ms = monotonicMs - this.#stepBeganMs;
    this.#stepBeganMs = monotonicMs;
    // Thousandths: more is noise.
    return Math.round(1_000 * ms) / 1_000;
  }

  get #nowSeconds(): number {
    return Math.floor(this.#now.wallMs / 1000);
  }

  get #place(): ProbedPlace {
    const { identity, plaintext } = this.#options;
    return { host: identity.host, port: identity.port, encrypted: !plaintext };
  }
}
