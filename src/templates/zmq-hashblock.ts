/**
 * Bitcoin Core's ZMQ topic `hashblock` as an early wake: it says that the node's tip moved, and nothing that is relied
 * upon. zeromq is native code and loaded only where an address is configured. It connects again by itself where a
 * connection is lost, but leaves a publisher that breaks its rules for good: that is tried again from here, with growing
 * waits.
 */

import type { Observer, Subscriber } from "zeromq";
import { Backoff } from "../core/backoff.ts";
import type { Clock, Timer } from "../core/clock.ts";
import type { Logger } from "../core/logger.ts";
import type { Counter, MetricRegistry } from "../core/metrics.ts";
import { TemplateError } from "./errors.ts";
import { isZmqAddress } from "./zmq-address.ts";

const TOPIC = "hashblock";
/** A message has 45 bytes; arbitrary above that. A publisher that sends more is left for a while. */
const MAX_MESSAGE_BYTES = 1_024;
/** Tips come minutes apart; arbitrary. What does not fit is dropped, and the poll finds the tip. */
const MAX_QUEUED_MESSAGES = 16;
/** Finds a dead connection within a minute or so. Arbitrary. */
const HEARTBEAT_INTERVAL_MS = 30_000;
const SOCKET_OPTIONS = {
  linger: 0,
  maxMessageSize: MAX_MESSAGE_BYTES,
  receiveHighWaterMark: MAX_QUEUED_MESSAGES,
  heartbeatInterval: HEARTBEAT_INTERVAL_MS,
};

/** Between tries of a publisher that breaks the rules: doubling, until a tip is heard. Arbitrary. */
const REOPEN_BASE_MS = 1_000;
const LONGEST_REOPEN_MS = 60_000;

export type HashblockOptions = {
  /** As in the node's `zmqpubhashblock`, e.g. `tcp://127.0.0.1:28332`. */
  readonly address: string;
  /** Spreads the waits. From 0 up to but without 1. */
  readonly random: () => number;
};

type Parts = { readonly logger: Logger; readonly metrics: MetricRegistry; readonly clock: Clock };

export class HashblockSubscriber {
  readonly #address: string;
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #messages: Counter;
  readonly #backoff: Backoff;
  #reopening: Timer | undefined;
  #socket: Subscriber | undefined;
  #receiving: Promise<void> | undefined;
  /** Undefined until it is known. */
  #isConnected: boolean | undefined;
  /** The publisher broke the rules, and has announced no tip since: a handshake of its proves nothing. */
  #isSuspect = false;
  #isStopped = false;

  /** @throws {TemplateError} `node-options-invalid`. */
  constructor(options: HashblockOptions, { logger, metrics, clock }: Parts) {
    if (!isZmqAddress(options.address)) {
      throw new TemplateError(
        "node-options-invalid",
        `zmq_hashblock ${JSON.stringify(options.address)} is not an address: right would be tcp://127.0.0.1:28332`,
      );
    }
    this.#address = options.address;
    this.#logger = logger;
    this.#clock = clock;
    this.#backoff = new Backoff({ baseMs: REOPEN_BASE_MS, maxMs: LONGEST_REOPEN_MS, random: options.random });
    this.#messages = metrics.counter({
      name: "adit_zmq_hashblocks_total",
      help: "New tips that the node announced over ZMQ",
    });
  }

  /**
   * Calls `onHash` with each announced tip, 64 digits as the RPC prints it. Where zeromq cannot be loaded or the
   * address not be used, that is logged and nothing is announced: the poll remains.
   */
  async start(onHash: (hash: string) => void): Promise<void> {
    try {
      const { Subscriber } = await import("zeromq");
      if (this.#isStopped) return;
      const socket = new Subscriber(SOCKET_OPTIONS);
      this.#socket = socket;
      this.#watch(socket.events, onHash);
      socket.subscribe(TOPIC);
      socket.connect(this.#address);
      this.#receiving = this.#receive(socket, onHash);
    } catch (error) {
      this.#warn(error);
    }
  }

  async #receive(socket: Subscriber, onHash: (hash: string) => void): Promise<void> {
    try {
      for await (const [topic, hash] of socket) {
        if (topic?.toString("latin1") !== TOPIC || hash?.length !== 32) {
          this.#logger.debug("zmq message ignored", { zmqHashblock: this.#address });
          continue;
        }
        this.#messages.add(1);
        if (this.#isSuspect) this.#noteConnected(true);
        this.#trust();
        onHash(hash.toString("hex"));
      }
    } catch (error) {
      this.#warn(error);
    }
  }

  /** Says each change once: that nobody publishes at an address would never be noticed. Closing says nothing. */
  #watch(events: Observer, onHash: (hash: string) => void): void {
    events.on("handshake", () => {
      if (!this.#isSuspect) this.#noteConnected(true);
    });
    // A retry of zeromq's own follows at once, unless the publisher broke the rules.
    events.on("disconnect", () => {
      this.#noteConnected(false);
      this.#reopenLater(onHash);
    });
    // Whoever answers next may be another publisher.
    events.on("connect:retry", () => {
      this.#noteConnected(false);
      this.#reopening?.cancel();
      this.#trust();
    });
  }

  #reopenLater(onHash: (hash: string) => void): void {
    this.#reopening?.cancel();
    this.#reopening = this.#clock.after(this.#backoff.nextMs(), () => {
      this.#isSuspect = true;
      this.#socket?.close();
      void this.start(onHash);
    });
  }

  #trust(): void {
    this.#isSuspect = false;
    this.#backoff.reset();
  }

  #noteConnected(isConnected: boolean): void {
    if (this.#isConnected === isConnected) return;
    this.#isConnected = isConnected;
    const context = { zmqHashblock: this.#address };
    if (isConnected) this.#logger.info("zmq connected", context);
    else this.#logger.warn("zmq is not connected, new tips are found by longpoll and poll", context);
  }

  #warn(error: unknown): void {
    this.#logger.warn("zmq cannot be used, new tips are found by longpoll and poll", {
      zmqHashblock: this.#address,
      reason: String(error),
    });
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#reopening?.cancel();
    this.#socket?.close();
    await this.#receiving;
  }
}
