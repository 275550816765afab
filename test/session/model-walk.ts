/**
 * A pool with its clients in the model. After each turn of the event loop it compares what the clients were sent, what the
 * ledger holds and what is kept in memory with what the model says. What happens in a turn stands in `model-actions.ts`.
 */

import { vi } from "vitest";
import { ConnectionChannels } from "../../src/mining/connection-channels.ts";
import { FLOOD_SHARES_PER_MINUTE } from "../../src/mining/share-target.ts";
import { CloseChannel } from "../../src/wire/channel-messages.ts";
import { must } from "../support/must.ts";
import { nextTurn } from "../support/wait.ts";
import type { ModelChannel } from "./model-channel.ts";
import { ModelConnection, type Setting } from "./model-connection.ts";
import { ModelLedger } from "./model-ledger.ts";
import { MODEL_OPTIONS, ModelPool, type Reached } from "./model-pool.ts";
import type { StepOf } from "./model-steps.ts";
import { targetAt, targetOfBits } from "./model-work.ts";
import { template } from "./session-fixture.ts";

/** About every 16th hash meets the one, none by chance the other. */
export const NETWORK_BITS = { easy: 0x200fffff, hard: 0x1a00ffff } as const;

/** Templates that are more than any job of an earlier one outlives. */
const MANY_TEMPLATES = 40;

export class ModelWalk {
  readonly pool: ModelPool;
  /** What the pool was given last. */
  newest: StepOf<"template"> = { kind: "template", tip: 0, seconds: 0, branches: 0, easy: false, times: 1 };
  workAvailable = false;
  networkBits: number = NETWORK_BITS.hard;
  /** A channel was closed in this turn: shares of others may have been judged for it, and their errors sent. */
  closedInTurn = false;
  /** Commits that were told to fail may still be waiting to be tried again. */
  ledgerTroubled = false;
  readonly #ledger = new ModelLedger();
  readonly #connections: ModelConnection[] = [];
  readonly #ended: ModelConnection[] = [];
  readonly #channels = new Set<ModelChannel>();
  #lastConnection = 0;

  constructor(settings: readonly Setting[], reached: Reached) {
    this.pool = new ModelPool(reached);
    for (const setting of settings) this.#connections.push(this.#connect(setting));
  }

  get connections(): readonly ModelConnection[] {
    return this.#connections;
  }

  connection(index: number): ModelConnection {
    const connection = this.#connections[index % this.#connections.length];
    if (connection === undefined) throw new RangeError("there is no connection");
    return connection;
  }

  /** A client whose connection has ended comes back. */
  comeBack(gone: ModelConnection): void {
    must(gone.over, "the connection has ended");
    gone.listen();
    this.#ended.push(gone);
    this.#connections[this.#connections.indexOf(gone)] = this.#connect(gone.setting);
  }

  /** Whether a channel may have that target that was opened with that hashrate just now. */
  expectTarget(target: bigint, rate: number, maxTarget: bigint): void {
    this.expectBounded(target, maxTarget);
    // A worker that was here before may begin with what it had then.
    if (this.pool.pool.difficulties.entries().next().done !== true) return;
    const least = targetAt(MODEL_OPTIONS.minDifficulty);
    const perMinute = MODEL_OPTIONS.sharesPerMinute;
    const wanted = rate === 0 ? least : 2 ** 256 / Math.max(1, (rate * 60) / perMinute);
    const network = Number(targetOfBits(this.networkBits));
    const flood = (wanted * FLOOD_SHARES_PER_MINUTE) / perMinute;
    const held = wanted < network ? Math.min(network, flood) : Math.min(wanted, Math.max(least, network));
    const due = Math.min(held, Number(maxTarget));
    const [whole, wholeDue] = [target, due].map((one) => targetAt(1) / Number(one)) as [number, number];
    const near = wholeDue < 1 || wholeDue > 2 ** 53 ? 0 : 1 / wholeDue;
    must(Math.abs(Number(target) - due) <= (1e-6 + near) * due, `a target near ${due} is due, not ${target}`);
    must(near === 0 || whole % 1 < 1e-6, `a whole difficulty is due, not ${whole}`);
  }

  /** Whether a channel may have that target whose client announced a hashrate again: what was observed counts too. */
  expectBounded(target: bigint, maxTarget: bigint): void {
    const easiest = Math.max(targetAt(MODEL_OPTIONS.minDifficulty), Number(targetOfBits(this.networkBits)));
    must(target <= maxTarget, "no target is easier than the client can work with");
    must(Number(target) <= easiest, "no target is easier than the least difficulty and a block's");
  }

  /** The verdicts of all shares are known by now. */
  settle(): void {
    for (const channel of this.#channels) {
      for (const outcome of channel.settle()) {
        this.#ledger.add(outcome);
        this.pool.count(outcome.code ?? "accepted");
        if (outcome.block !== undefined) this.pool.count(`block ${outcome.code ?? "accepted"}`);
        if (outcome.block !== undefined && outcome.block.owner !== channel.userIdentity) {
          this.pool.count("block of a worker");
        }
        if (outcome.owner !== channel.userIdentity) this.pool.count(`worker ${outcome.code ?? "accepted"}`);
        if (outcome.code === undefined && outcome.credit === 0) this.pool.count("accepted without credit");
      }
      if (!channel.open) this.#channels.delete(channel);
    }
  }

  /** Everything that is ready happens, and the clients hear what they were sent. */
  async endTurn(): Promise<void> {
    const { pool } = this;
    this.closedInTurn = false;
    pool.pool.flushShares();
    if (!pool.validator.holding) this.settle();
    await nextTurn();
    for (const connection of [...this.#connections, ...this.#ended]) connection.listen();
    this.#ledger.expectBlocks(pool.blocks.splice(0));
    let open = 0;
    for (const connection of this.#connections) {
      const { channels } = connection.client;
      connection.client.expectAtRest();
      for (const channel of channels.values()) this.#channels.add(channel);
      open += channels.size;
      must(connection.harness.session.channels?.size === channels.size, "both sides have the same channels");
      this.#expectAnswers(connection);
    }
    must(pool.pool.openChannels === open, "the pool counts the channels that are open");
  }

  /** All channels are closed, then all clients leave. Nothing of them is left then but what they earned. */
  async closeAll(): Promise<void> {
    const { pool } = this;
    pool.validator.holding = false;
    pool.validator.deliver();
    for (const connection of this.#connections) connection.finish();
    await this.endTurn();
    await pool.pass(10_000);
    await this.endTurn();
    for (const { client } of this.#connections) {
      for (const channel of client.channels.values()) {
        must(channel.unacknowledged.length === 0, "every accepted share is acknowledged");
      }
    }
    await this.#closeChannels();
    for (const { harness } of this.#connections) harness.session.end("peer-closed");
    await pool.pass(10_000);
    for (const connection of [...this.#connections, ...this.#ended]) connection.listen();
    await this.#ledger.expectStored(pool.ledger);
    must(pool.pool.openChannels === 0, "no channel is counted when all are closed");
    must(connectionsOf(pool) === 0, "a connection that has ended is forgotten");
    await pool.expectNothingWaits();
    must(pool.validator.live.standard === 0, "each job of a channel is given back to the validator");
    must(
      extendedJobsAfterTemplates(pool) === JOBS_WITHOUT_CHANNELS,
      "jobs of the channels' sizes are forgotten with them",
    );
  }

  /** Connections live on without channels: each is as it was before its first one then. */
  async #closeChannels(): Promise<void> {
    for (const connection of this.#connections) {
      for (const channel_id of [...connection.client.channels.keys()]) {
        connection.send(CloseChannel, { channel_id, reason_code: "" });
        connection.client.close(channel_id);
      }
    }
    await this.endTurn();
    for (const { harness } of [...this.#connections, ...this.#ended]) {
      const { channels } = harness.session;
      must(channels?.size === 0 && [...channels.groups()].length === 0, "a group is gone with its last channel");
    }
    const { live } = this.pool.validator;
    must(live.standard === 0, "a channel's jobs are given back though its connection lives on");
  }

  #connect(setting: Setting): ModelConnection {
    this.#lastConnection += 1;
    return new ModelConnection(this.pool, `c${this.#lastConnection}`, setting);
  }

  #expectAnswers({ client }: ModelConnection): void {
    must(!this.workAvailable || client.opens.size === 0, "a request is answered at once while there is work");
    for (const { refusal } of client.opens.values()) must(refusal === undefined, "what is refused is refused at once");
    for (const channel of client.channels.values()) {
      must(!channel.owedJob || !this.workAvailable, "an easier target is followed by a job");
      const waiting = this.ledgerTroubled ? [] : channel.unacknowledged;
      must(!waiting.some(({ solvedBlock }) => solvedBlock), "a block's share is acknowledged at once");
    }
  }
}

/** Connections that the pool knows: whom it tells of a template. */
function connectionsOf({ pool }: ModelPool): number {
  const told = vi.spyOn(ConnectionChannels.prototype, "announce");
  pool.setTemplate(template({ bits: NETWORK_BITS.hard }));
  const { length } = told.mock.calls;
  told.mockRestore();
  return length;
}

/** Extended jobs in the validator once no job of an earlier template can be known. */
function extendedJobsAfterTemplates({ pool, validator }: ModelPool): number {
  for (let time = 0; time < MANY_TEMPLATES; time += 1)
    pool.setTemplate(template({ bits: NETWORK_BITS.hard, curTime: time }));
  return validator.live.extended;
}

const JOBS_WITHOUT_CHANNELS = extendedJobsAfterTemplates(new ModelPool());
