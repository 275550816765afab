/**
 * Templates of a Bitcoin node over its JSON-RPC (Bitcoin Core, bcoin and what speaks as they do). This file starts and
 * stops, keeps the state that the pool sees, and connects again after every fault. How a good connection is used is
 * TipFollower's.
 */

import type { Network } from "../bitcoin/network.ts";
import { Backoff } from "../core/backoff.ts";
import type { Clock } from "../core/clock.ts";
import { AditError } from "../core/errors.ts";
import type { Logger } from "../core/logger.ts";
import type { Counter, Gauge, MetricRegistry } from "../core/metrics.ts";
import { Wakeup } from "../core/wakeup.ts";
import { type RpcAccessOptions, rpcAccess } from "./rpc-access.ts";
import type { RpcCredentials } from "./rpc-credentials.ts";
import { TipFollower } from "./rpc-follower.ts";
import { RpcNode } from "./rpc-node.ts";
import { refuseSignet } from "./signet.ts";
import type { Template } from "./template.ts";
import { type SourceState, sameState, type TemplateListener, type TemplateSource } from "./template-source.ts";
import { HashblockSubscriber } from "./zmq-hashblock.ts";

export type RpcSourceOptions = RpcAccessOptions & {
  /** The node's `zmqpubhashblock` address, or empty. */
  readonly zmqHashblock?: string;
  /** How often the node is asked for its best block: what a new tip is late by where the longpoll fails. 1 s. */
  readonly pollIntervalMs?: number;
  /** How often a template is fetched for its fees on an unchanged tip. 30 s. */
  readonly refreshMs?: number;
  /** First wait before connecting again; doubles up to `backoffMaxMs`. Arbitrary: 250 ms, at most 10 s. */
  readonly backoffBaseMs?: number;
  readonly backoffMaxMs?: number;
  /** Spreads the waits. `Math.random`. */
  readonly random?: () => number;
};

const DEFAULTS = { pollIntervalMs: 1_000, refreshMs: 30_000, backoffBaseMs: 250, backoffMaxMs: 10_000 };
/** A node whose longpolls break at once is asked for one this often. Arbitrary. */
const LONGPOLL_BACKOFF_MAX_MS = 30_000;

export type RpcSourceParts = { readonly logger: Logger; readonly metrics: MetricRegistry; readonly clock: Clock };

export class RpcSource implements TemplateSource {
  readonly name: string;
  readonly #network: Network;
  readonly #credentials: RpcCredentials;
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #node: RpcNode;
  readonly #follower: TipFollower;
  readonly #zmq: HashblockSubscriber | undefined;
  readonly #backoff: Backoff;
  /** A period this long ended by a new fault, not by the old one. */
  readonly #stableMs: number;
  readonly #templates: Counter;
  readonly #newTips: Counter;
  readonly #faults: Counter;
  readonly #ready: Gauge;
  readonly #stop = new AbortController();
  #listener: TemplateListener | undefined;
  #state: SourceState | undefined;
  /** The last template had no room for a coinbase, and that was said. */
  #noRoomSaid = false;
  #onFirstState: () => void = () => undefined;
  #running: Promise<void> = Promise.resolve();

  /** @throws {TemplateError} `node-options-invalid`. */
  constructor(options: RpcSourceOptions, { logger, metrics, clock }: RpcSourceParts) {
    const { pollIntervalMs, refreshMs, backoffBaseMs, backoffMaxMs } = { ...DEFAULTS, ...options };
    const access = rpcAccess(options);
    const { name, credentials, network } = access;
    const random = options.random ?? Math.random;
    this.name = name;
    this.#network = network;
    this.#logger = logger.child({ source: this.name });
    this.#clock = clock;
    this.#credentials = credentials;
    this.#node = new RpcNode(access, { clock, metrics });
    this.#follower = new TipFollower(
      { network, pollIntervalMs, refreshMs },
      {
        node: this.#node,
        clock,
        logger: this.#logger,
        longpollBackoff: new Backoff({ baseMs: backoffBaseMs, maxMs: LONGPOLL_BACKOFF_MAX_MS, random }),
        onTemplate: (template, newTip) => this.#onTemplate(template, newTip),
        onStale: (reason) => this.#setState({ kind: "unavailable", reason }),
      },
    );
    const address = options.zmqHashblock ?? "";
    const zmqParts = { logger: this.#logger, metrics, clock };
    this.#zmq = address === "" ? undefined : new HashblockSubscriber({ address, random }, zmqParts);
    this.#backoff = new Backoff({ baseMs: backoffBaseMs, maxMs: backoffMaxMs, random });
    this.#stableMs = backoffMaxMs;
    const labels = { source: this.name };
    this.#templates = metrics.counter({ name: "adit_templates_total", help: "Templates received", labels });
    this.#newTips = metrics.counter({ name: "adit_template_tips_total", help: "New tips among them", labels });
    this.#faults = metrics.counter({ name: "adit_template_faults_total", help: "Times the source failed", labels });
    this.#ready = metrics.gauge({ name: "adit_template_source_ready", help: "1 while templates can be used", labels });
  }

  /**
   * Resolves once the first try brought a template, or the reason why there is none.
   * @throws {TemplateError} `signet-unsupported`, `wrong-network`.
   */
  async start(listener: TemplateListener): Promise<void> {
    refuseSignet(this.#network);
    this.#listener = listener;
    await this.#zmq?.start((hash) => this.#follower.hint(hash));
    const firstState = new Promise<void>((resolve) => {
      this.#onFirstState = resolve;
    });
    this.#running = this.#run();
    try {
      await Promise.race([firstState, this.#running]);
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /** Period after period, until the end. Rejects only before the first state, with disposition `shutdown`. */
  async #run(): Promise<void> {
    const signal = this.#stop.signal;
    const pause = new Wakeup(this.#clock, signal);
    while (!signal.aborted) {
      const startedMs = this.#clock.monotonicMs();
      try {
        await this.#credentials.reload();
        await this.#follower.follow(signal);
      } catch (error) {
        if (signal.aborted) return;
        const lasting = error instanceof AditError && error.disposition.kind === "shutdown";
        if (lasting && this.#state === undefined) throw error;
        this.#fault(error);
        if (this.#clock.monotonicMs() - startedMs >= this.#stableMs) this.#backoff.reset();
        await pause.wait(this.#backoff.nextMs());
      }
    }
  }

  #fault(error: unknown): void {
    this.#faults.add(1);
    if (error instanceof AditError) {
      this.#setState({ kind: "unavailable", reason: error.message, code: error.code });
      return;
    }
    this.#logger.error("template source failed by an error of its own", { error });
    const reason = `an error of the pool itself: ${String(error)}`;
    this.#setState({ kind: "unavailable", reason, code: "internal-error" });
  }

  #onTemplate(template: Template, newTip: boolean): void {
    if (this.#stop.signal.aborted) return;
    this.#templates.add(1);
    if (newTip) this.#newTips.add(1);
    this.#logger.debug("template received", {
      templateId: template.templateId,
      height: template.height,
      transactions: template.transactions.length,
      newTip,
    });
    this.#sayNoRoom(template);
    this.#tell((listener) => listener.onTemplate(template, newTip));
    this.#setState({ kind: "ready" });
  }

  /** Once, until a template has room again. */
  #sayNoRoom({ leftOut = 0, height }: Template): void {
    if (leftOut > 0 && !this.#noRoomSaid) {
      const code = "no-room-for-coinbase";
      this.#logger.warn("the node leaves no room for a coinbase, transactions are left out", { code, leftOut, height });
    }
    this.#noRoomSaid = leftOut > 0;
  }

  #setState(state: SourceState): void {
    if (this.#stop.signal.aborted || sameState(state, this.#state)) return;
    this.#state = state;
    this.#ready.set(state.kind === "ready" ? 1 : 0);
    if (state.kind === "ready") this.#logger.debug("template source ready");
    else this.#logger.debug("template source unavailable", { code: state.code, reason: state.reason });
    this.#tell((listener) => listener.onState(state));
    this.#onFirstState();
  }

  /** The listener's errors are not the node's: they are logged, and the source goes on. */
  #tell(call: (listener: TemplateListener) => void): void {
    if (this.#listener === undefined) return;
    try {
      call(this.#listener);
    } catch (error) {
      this.#logger.error("template listener failed", { error });
    }
  }

  /** The node is said to have `tip`, 64 digits as the RPC prints it, as its best block now. */
  hint(tip: string): void {
    this.#follower.hint(tip);
  }

  /** Ends all requests. Nothing is told to the listener any more. */
  async stop(): Promise<void> {
    this.#stop.abort();
    this.#ready.set(0);
    await this.#zmq?.stop();
    this.#node.close();
    // What it could reject with was thrown by `start`.
    await this.#running.catch(() => undefined);
  }
}
