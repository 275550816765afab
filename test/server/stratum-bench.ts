/** A port for miners on loopback whose clock a test moves, and peers that speak to it over real sockets. */

import { connect } from "node:net";
import { onTestFinished } from "vitest";
import { createMetricRegistry, type MetricRegistry } from "../../src/core/metrics.ts";
import type { ConnectionChannels } from "../../src/mining/connection-channels.ts";
import { NoiseIdentity } from "../../src/server/noise-identity.ts";
import { StratumServer, type StratumServerOptions } from "../../src/server/stratum-server.ts";
import type { Template } from "../../src/templates/template.ts";
import { HARD_BITS, PoolHarness, template } from "../session/session-fixture.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { RecordingLogger } from "../support/recording-logger.ts";
import { nextTurn, until } from "../support/wait.ts";
import { RawPeer, type RawPeerOptions } from "./raw-peer.ts";
import { AUTHORITY_PUBLIC_KEY, SERVER_KEYS } from "./server-keys.ts";

export class StratumBench {
  readonly clock = new ManualClock();
  readonly logger = new RecordingLogger();
  readonly metrics: MetricRegistry = createMetricRegistry();
  readonly mining = new PoolHarness();
  /** Of the connections that were set up, in their order. */
  readonly channels: ConnectionChannels[] = [];
  readonly server: StratumServer;
  readonly peers: RawPeer[] = [];
  port = 0;
  #templates = 0;

  /** A server that does not listen yet, and is closed when the test ends. */
  constructor(options: Partial<StratumServerOptions> = {}) {
    const { pool } = this.mining;
    const connect = pool.connect.bind(pool);
    pool.connect = (connection) => {
      const channels = connect(connection);
      this.channels.push(channels);
      return channels;
    };
    this.server = new StratumServer(
      {
        listen: { host: "127.0.0.1", port: 0 },
        plaintext: "private",
        maxConnections: 100,
        maxConnectionsPerAddress: 100,
        maxOutboundBytesPerConnection: 1 << 20,
        pool,
        identity: new NoiseIdentity(SERVER_KEYS, this),
        ...options,
      },
      this,
    );
    onTestFinished(() => this.stop());
  }

  /** A server that listens and has work to give out. */
  static async start(options: Partial<StratumServerOptions> = {}): Promise<StratumBench> {
    const bench = new StratumBench(options);
    bench.port = (await bench.server.listen()).port;
    bench.template();
    return bench;
  }

  /** Gives every channel a job of another template, on the same tip if not told otherwise. */
  template(fields: Partial<Template> = {}): void {
    this.#templates += 1;
    this.mining.pool.setTemplate(template({ templateId: this.#templates, bits: HARD_BITS, ...fields }));
  }

  /** Connects without waiting for anything. */
  connect(options: Partial<RawPeerOptions> & { readonly encrypted?: boolean } = {}): RawPeer {
    const { encrypted = false, ...rest } = options;
    const nowSeconds = Math.floor(this.clock.nowMs() / 1000);
    const noise = encrypted ? { authorityPublicKey: AUTHORITY_PUBLIC_KEY, nowSeconds } : undefined;
    const peer = new RawPeer({ port: this.port, noise, ...rest });
    this.peers.push(peer);
    return peer;
  }

  /** Connects, and waits until the server has the connection. */
  async join(options: Parameters<StratumBench["connect"]>[0] = {}): Promise<RawPeer> {
    const accepted = this.count("adit_connections_accepted_total");
    const peer = this.connect(options);
    await until("the server has the connection", () => this.count("adit_connections_accepted_total") > accepted);
    return peer;
  }

  /** Waits until that many connections are left. */
  async left(connections: number): Promise<void> {
    await until(`${connections} connections are left`, () => this.server.connections === connections);
  }

  /** Reasons of the connections that ended, in their order. */
  get ends(): unknown[] {
    return this.logger.of("connection ended").map(({ reason }) => reason);
  }

  count(name: string): number {
    return this.metrics.counter({ name, help: "" }).value;
  }

  async stop(): Promise<void> {
    for (const { socket } of this.peers) socket.destroy();
    await this.server.close();
  }
}

/** Long enough for what is on its way over loopback to arrive: to see that nothing comes of it. */
export async function someTurns(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await nextTurn();
}

/** Whether a connection to the port is taken. */
export function isTaken(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port });
    socket.on("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", () => resolve(false));
  });
}
