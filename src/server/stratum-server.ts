/**
 * The Stratum V2 port: accepts connections within the caps, gives each its session, writes out once per turn what the
 * sessions queued, and looks at deadlines. Leaves mining to the pool's state and knows nothing of templates.
 */

import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import type { Clock, Moment, Timer } from "../core/clock.ts";
import type { Logger } from "../core/logger.ts";
import type { Counter, Gauge, MetricRegistry } from "../core/metrics.ts";
import type { MiningPool } from "../mining/mining-pool.ts";
import type { Backpressure } from "../mining/share-pipeline.ts";
import { ConnectionSession, type SessionTimeouts } from "../session/connection-session.ts";
import type { OtherHost } from "../session/other-host.ts";
import type { EndReason, SessionEnd, SessionEvent } from "../session/session-events.ts";
import { Connection } from "./connection.ts";
import { ListenError } from "./errors.ts";
import type { MessageTracer } from "./message-tracer.ts";
import type { NoiseIdentity } from "./noise-identity.ts";
import type { PeerPattern } from "./peer-pattern.ts";
import { isPrivateAddress } from "./private-address.ts";
import { SessionLog } from "./session-log.ts";

export type PlaintextPolicy = "private" | "always" | "never";

export type StratumServerOptions = StratumSettings & {
  readonly listen: { readonly host: string; readonly port: number };
  readonly pool: MiningPool;
  readonly identity: NoiseIdentity;
  /** Undefined: nobody's messages are ever looked at. */
  readonly tracer?: Pick<MessageTracer, "lookAt" | "of"> | undefined;
};

/** What can change while it runs. */
export type StratumSettings = {
  readonly plaintext: PlaintextPolicy;
  readonly maxConnections: number;
  readonly maxConnectionsPerAddress: number;
  readonly maxOutboundBytesPerConnection: number;
  readonly timeouts?: SessionTimeouts;
  /** Where miners are sent when the port closes. */
  readonly reconnectTo?: OtherHost | undefined;
  /** Whose messages the tracer looks at. */
  readonly tracedPeers?: readonly PeerPattern[];
};

/**
 * No client needs more for its handshake and setup, and each is a slot that nobody else can use. A proxy, though, is set
 * up before its first miner comes, and some end for ever where the pool closes the connection.
 */
export const DEFAULT_TIMEOUTS: SessionTimeouts = { handshakeMs: 10_000, setupMs: 10_000, noChannelMs: 3_600_000 };

/** How often deadlines and signs of life are looked at; a deadline is kept to within that. */
const TICK_MS = 1_000;

/** Clients drop a pool that is silent for 180 s; every channel hears something after this long. */
const KEEP_ALIVE_MS = 55_000;

/** How long a closed connection may take to read what was written for it. */
const CLOSE_GRACE_MS = 2_000;

/** Connections that the kernel may hold before we accept them. Node's own default is 511. */
const BACKLOG = 1_024;

export class StratumServer {
  #options: StratumServerOptions;
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #server: Server;
  /** Of all connections, also when it changes. */
  readonly #connectionLimits: { maxOutboundBytes: number };
  readonly #connections = new Set<Connection>();
  readonly #perAddress = new Map<string, number>();
  readonly #dirty = new Set<Connection>();
  readonly #connectionsOpen: Gauge;
  readonly #connectionsAccepted: Counter;
  readonly #connectionsRefused: Counter;
  #ticking: Timer | undefined;
  #whenEmpty: (() => void)[] = [];
  /** When all channels were last sent a job. */
  #announcedMs = Number.NEGATIVE_INFINITY;
  #flushScheduled = false;
  #heldBack: Backpressure = "none";
  #lastConnection = 0;

  constructor(
    options: StratumServerOptions,
    context: { readonly logger: Logger; readonly metrics: MetricRegistry; readonly clock: Clock },
  ) {
    this.#options = options;
    options.tracer?.lookAt(options.tracedPeers ?? []);
    this.#connectionLimits = { maxOutboundBytes: options.maxOutboundBytesPerConnection };
    this.#logger = context.logger;
    this.#clock = context.clock;
    const { metrics } = context;
    this.#connectionsOpen = metrics.gauge({ name: "adit_connections", help: "Open connections" });
    this.#connectionsAccepted = metrics.counter({ name: "adit_connections_accepted_total", help: "Accepted" });
    this.#connectionsRefused = metrics.counter({
      name: "adit_connections_refused_total",
      help: "Closed at once, because a cap was reached",
    });
    this.#server = createServer({ allowHalfOpen: false }, (socket) => this.#accept(socket));
  }

  get connections(): number {
    return this.#connections.size;
  }

  /** @throws {ListenError} where the address cannot be had. */
  async listen(): Promise<AddressInfo> {
    const { host, port } = this.#options.listen;
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", (error) => reject(new ListenError({ host, port }, error)));
      // Without a host Node takes IPv6 and IPv4, or IPv4 alone on a machine without IPv6.
      const address = host === "::" ? { port } : { host, port };
      this.#server.listen({ ...address, backlog: BACKLOG }, () => resolve());
    });
    this.#server.on("error", (error) => this.#logger.error("listener failed", { error: error.message }));
    this.#ticking = this.#clock.every(TICK_MS, () => this.#tick());
    return this.#server.address() as AddressInfo;
  }

  /**
   * Takes other settings while running. Caps and plaintext hold for connections that come from now on; timeouts, the bytes
   * that may wait and who is traced for the open ones too. None is closed for having been let in before.
   */
  reconfigure(settings: StratumSettings): void {
    this.#options = { ...this.#options, ...settings };
    this.#connectionLimits.maxOutboundBytes = settings.maxOutboundBytesPerConnection;
    const { timeouts = DEFAULT_TIMEOUTS } = this.#options;
    for (const { session } of this.#connections) session.timeouts = timeouts;
    const { tracer, tracedPeers = [] } = this.#options;
    if (tracer?.lookAt(tracedPeers) !== true) return;
    for (const { session, peer } of this.#connections) session.trace = tracer.of(peer);
  }

  /** Every channel was just given a job: nobody needs another sign of life for a while. */
  noteAnnounced(): void {
    this.#announcedMs = this.#clock.monotonicMs();
  }

  /** Writes out at once what the sessions queued: for what must not wait for the end of the turn. */
  flush(): void {
    for (const connection of this.#dirty) {
      // Not afterwards: where this ends one connection, another can have something more to be written.
      this.#dirty.delete(connection);
      guarded(connection, () => connection.flush());
    }
  }

  /**
   * Stops reading: from each connection that sends something more (`senders`), from all (`everybody`), or from none
   * any more. One that floods the pool so holds up itself, and those that send little are read from.
   */
  holdBack(level: Backpressure): void {
    this.#heldBack = level;
    if (level === "senders") return;
    for (const connection of this.#connections) connection.pauseReading(level === "everybody");
  }

  /** Takes no more connections; the open ones live on. */
  stopAccepting(): void {
    this.#server.close();
  }

  /**
   * Writes out what is queued, sends the miners elsewhere where another host is configured, and ends all connections.
   * Resolves when they and the port are gone.
   */
  async close(): Promise<void> {
    this.#ticking?.cancel();
    this.stopAccepting();
    this.#sendElsewhere();
    for (const connection of this.#connections) connection.session.end("shutdown");
    if (this.#connections.size > 0) await new Promise<void>((resolve) => this.#whenEmpty.push(resolve));
  }

  #sendElsewhere(): void {
    const { reconnectTo } = this.#options;
    if (reconnectTo === undefined || this.#connections.size === 0) return;
    let told = 0;
    for (const connection of this.#connections) {
      guarded(connection, () => {
        if (connection.session.reconnect(reconnectTo)) told += 1;
      });
    }
    const { host, port } = reconnectTo;
    this.#logger.info("miners sent to another host", { host, port, told, connections: this.#connections.size });
  }

  #accept(socket: Socket): void {
    const address = socket.remoteAddress;
    // The peer was gone before it was accepted.
    if (address === undefined) return void socket.destroy();
    const ofAddress = this.#perAddress.get(address) ?? 0;
    const { maxConnections, maxConnectionsPerAddress } = this.#options;
    if (this.#connections.size >= maxConnections || ofAddress >= maxConnectionsPerAddress) {
      this.#connectionsRefused.add(1);
      this.#logger.debug("connection refused", { address, open: this.#connections.size, ofAddress });
      socket.destroy();
      return;
    }
    this.#lastConnection += 1;
    this.#begin(socket, address);
  }

  #begin(socket: Socket, address: string): void {
    const { pool, identity, plaintext, timeouts = DEFAULT_TIMEOUTS } = this.#options;
    const connectionId = String(this.#lastConnection);
    const logger = this.#logger.child({ connectionId, address });
    const log = new SessionLog(logger, this.#clock.now());
    const session = new ConnectionSession(
      {
        connectionId,
        plaintextAllowed: plaintext === "always" || (plaintext === "private" && isPrivateAddress(address)),
        timeouts,
        now: this.#clock.now(),
      },
      {
        pool,
        createResponder: () => identity.createResponder(),
        onEvent: (event: SessionEvent) => log.event(event),
        onOutput: () => this.#markDirty(connection),
        onEnd: (reason: EndReason, end: SessionEnd) => {
          log.end(reason, end, this.#clock.now());
          connection.close(CLOSE_GRACE_MS, this.#clock);
        },
      },
    );
    const peer = { connectionId, address, port: socket.remotePort };
    session.trace = this.#options.tracer?.of(peer);
    const connection = new Connection(session, socket, { peer, limits: this.#connectionLimits });
    this.#connections.add(connection);
    this.#perAddress.set(address, (this.#perAddress.get(address) ?? 0) + 1);
    this.#connectionsAccepted.add(1);
    this.#connectionsOpen.set(this.#connections.size);
    logger.debug("connection accepted");
    connection.begin({
      now: () => this.#clock.now(),
      onRead: () => {
        if (this.#heldBack === "senders") connection.pauseReading(true);
      },
      onClosed: () => this.#forget(connection, address),
    });
    if (this.#heldBack === "everybody") connection.pauseReading(true);
  }

  #forget(connection: Connection, address: string): void {
    this.#connections.delete(connection);
    const left = (this.#perAddress.get(address) ?? 1) - 1;
    if (left > 0) this.#perAddress.set(address, left);
    else this.#perAddress.delete(address);
    this.#connectionsOpen.set(this.#connections.size);
    if (this.#connections.size > 0) return;
    for (const resolve of this.#whenEmpty.splice(0)) resolve();
  }

  #markDirty(connection: Connection): void {
    this.#dirty.add(connection);
    if (this.#flushScheduled) return;
    this.#flushScheduled = true;
    setImmediate(() => {
      this.#flushScheduled = false;
      this.flush();
    });
  }

  #tick(): void {
    const now = this.#clock.now();
    for (const connection of this.#connections) {
      guarded(connection, () => {
        connection.session.tick(now);
        this.#keepAlive(connection, now);
      });
    }
  }

  /** What was sent to one channel says nothing to another, so only what all of them were sent counts. */
  #keepAlive(connection: Connection, now: Moment): void {
    const heardMs = Math.max(connection.keptAliveMs, this.#announcedMs);
    if (now.monotonicMs - heardMs < KEEP_ALIVE_MS) return;
    connection.keptAliveMs = now.monotonicMs;
    connection.session.channels?.keepAlive();
  }
}

/** One connection's fault must not cost the others their turn. */
function guarded(connection: Connection, action: () => void): void {
  try {
    action();
  } catch (error) {
    connection.session.end("internal-error", error);
  }
}
