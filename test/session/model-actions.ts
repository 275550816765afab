/** What each step of the model does: the pool or a client acts, and the model is told what has to come of it. */

import { AditError } from "../../src/core/errors.ts";
import * as channels from "../../src/wire/channel-messages.ts";
import { ChannelEndpointChanged, SetupConnection } from "../../src/wire/common-messages.ts";
import { SetCustomMiningJob, SetTarget } from "../../src/wire/job-messages.ts";
import { SubmitSharesStandard } from "../../src/wire/share-messages.ts";
import { must } from "../support/must.ts";
import type { OpenWish } from "./model-client.ts";
import { IDENTITIES } from "./model-payouts.ts";
import { pickChannel, repeat, sendAgain, share, stray } from "./model-shares.ts";
import { NEVER_GIVEN, type Step, type StepOf } from "./model-steps.ts";
import { type ModelWalk, NETWORK_BITS } from "./model-walk.ts";
import { bytesOfInteger } from "./model-work.ts";
import { CUSTOM_JOB, SETUP, template } from "./session-fixture.ts";

const BEGIN_SECONDS = 1_700_000_000;

export async function takeStep(walk: ModelWalk, step: Step): Promise<void> {
  switch (step.kind) {
    case "open":
      return open(walk, step);
    case "share":
      return share(walk, step);
    case "repeat":
      return repeat(walk, step);
    case "stray":
      return stray(walk, step);
    case "template":
      return newTemplate(walk, step);
    case "there and back":
      return thereAndBack(walk, step.tip);
    case "bad template":
      return badTemplate(walk, step.tip);
    case "reconfigure":
      return reconfigure(walk, step);
    case "suspend":
      walk.workAvailable = false;
      return walk.pool.pool.suspendWork();
    case "update":
      return update(walk, step);
    case "close":
      return close(walk, step);
    case "time":
      return time(walk, step.ms);
    case "hold":
      walk.pool.validator.holding = true;
      return;
    case "deliver":
      walk.pool.validator.holding = false;
      return walk.pool.validator.deliver();
    case "ledger fails":
      walk.ledgerTroubled = true;
      if (walk.pool.ledger.failures.length < 2) walk.pool.ledger.failures.push(step.when);
      return;
    case "keep alive":
      return walk.connection(step.conn).harness.session.channels?.keepAlive();
    case "extensions":
      return extensions(walk, step);
    case "idle talk":
      return idleTalk(walk, step);
    case "end":
      return end(walk, step);
  }
}

function targetOf(targetBits: number): bigint {
  return targetBits === 0 ? 0n : (1n << BigInt(targetBits)) - 1n;
}

function wrongWish(
  rate: number,
  targetBits: number,
): "invalid-nominal-hashrate" | "max-target-out-of-range" | undefined {
  if (!Number.isFinite(rate) || rate < 0) return "invalid-nominal-hashrate";
  return targetBits === 0 ? "max-target-out-of-range" : undefined;
}

function refusalOf({ channel, size, rate, targetBits }: StepOf<"open">, standardJobs: boolean): OpenWish["refusal"] {
  if (channel === "extended" && standardJobs) return "extended-channels-not-supported-for-standard-jobs";
  const wrong = wrongWish(rate, targetBits);
  if (wrong !== undefined) return wrong;
  return channel === "extended" && size > 16 ? "min-extranonce-size-too-large" : undefined;
}

function open(walk: ModelWalk, step: StepOf<"open">): void {
  const { channel: kind, size: minExtranonceSize, rate } = step;
  const connection = walk.connection(step.conn);
  const requestId = connection.nextRequestId();
  const userIdentity = IDENTITIES[step.identity] ?? "";
  const maxTarget = targetOf(step.targetBits);
  const unpaid = walk.pool.payouts.payeeOf(userIdentity) === undefined ? "unknown-user" : undefined;
  const refusal = refusalOf(step, connection.setting.requiresStandardJobs) ?? unpaid;
  connection.client.opens.set(requestId, {
    requestId,
    kind,
    userIdentity,
    maxTarget,
    minExtranonceSize,
    refusal,
    sinceMs: connection.now.monotonicMs,
    expectTarget: (target) => walk.expectTarget(target, rate, maxTarget),
  });
  const message = {
    request_id: requestId,
    user_identity: new TextEncoder().encode(userIdentity),
    nominal_hash_rate: rate,
    max_target: bytesOfInteger(maxTarget),
  };
  if (kind === "standard") connection.send(channels.OpenStandardMiningChannel, message);
  else connection.send(channels.OpenExtendedMiningChannel, { ...message, min_extranonce_size: minExtranonceSize });
  walk.pool.count(`open ${refusal ?? "legal"}`);
}

function prevHash(tip: number): Uint8Array {
  return new Uint8Array(32).fill(0xa0 + tip);
}

function newTemplate(walk: ModelWalk, step: StepOf<"template">): void {
  const bits = step.easy ? NETWORK_BITS.easy : NETWORK_BITS.hard;
  const merklePath = Array.from({ length: step.branches }, (_, branch) => new Uint8Array(32).fill(1 + branch));
  const tip = prevHash(step.tip);
  walk.newest = step;
  walk.workAvailable = true;
  walk.networkBits = bits;
  const transactions = merklePath.map((txid) => ({ data: new Uint8Array(60), txid }));
  const taken = template({
    ...{ prevHash: tip, bits, transactions, merklePath, nextSubsidy: 312_500_000n, minTime: 0 },
    height: 900_001 + Math.min(step.tip, 1),
    curTime: BEGIN_SECONDS + step.seconds,
  });
  for (let time = 0; time < step.times; time += 1) walk.pool.pool.setTemplate(taken);
  for (const connection of walk.connections) {
    const before = [...connection.client.channels.values()].map((channel) => [channel, channel.jobs.length] as const);
    connection.listen();
    for (const [channel, jobs] of before) {
      const newest = channel.jobs.at(-1);
      must(channel.jobs.length > jobs && newest !== undefined, "each channel gets a job of a new template");
      must(Buffer.compare(newest.prevHash, tip) === 0, "the job stands on the template's tip");
      const { seen } = newest;
      must(
        seen.kind === "standard" || seen.path.length === merklePath.length,
        "the job has the template's transactions",
      );
    }
  }
}

function reconfigure(walk: ModelWalk, { mode, instanceId }: StepOf<"reconfigure">): void {
  for (const { client } of walk.connections) {
    for (const { pending, withdrawn } of client.channels.values())
      for (const { jobId } of pending) withdrawn.add(jobId);
  }
  if (mode !== walk.pool.payouts.mode) walk.pool.count(`payout ${mode}`);
  const lived = walk.connections.filter(({ client }) => client.channels.size > 0);
  walk.pool.reconfigure(mode, instanceId);
  for (const connection of lived) {
    connection.listen();
    const { client, harness } = connection;
    const emptied = client.channels.size === 0;
    must(
      harness.ended === (emptied ? "payout-changed" : undefined),
      "with its last channel a connection ends, and not before",
    );
    if (!emptied) continue;
    walk.pool.count("end payout-changed");
    walk.comeBack(connection);
  }
}

/** A reorganisation that comes to nothing: the template before is the newest again, and so is what was found on it. */
async function thereAndBack(walk: ModelWalk, tip: number): Promise<void> {
  const { newest } = walk;
  newTemplate(walk, { ...newest, tip });
  await walk.endTurn();
  newTemplate(walk, newest);
  for (const connection of walk.connections) {
    for (const channel of connection.client.channels.values())
      sendAgain(connection, channel, { which: 0, underNewest: true });
  }
}

/** Of which no job can be made: more branches than the validator takes. */
function badTemplate(walk: ModelWalk, tip: number): void {
  const merklePath = Array.from({ length: 33 }, () => prevHash(0));
  try {
    walk.pool.pool.setTemplate(template({ prevHash: prevHash(tip), merklePath }));
  } catch (error) {
    if (error instanceof AditError) return;
    throw error;
  }
  throw new Error("a template was taken that nobody can mine on");
}

async function update(walk: ModelWalk, step: StepOf<"update">): Promise<void> {
  const connection = walk.connection(step.conn);
  // Shares that came before are judged before: they may meet the new target or not.
  connection.finish();
  await walk.endTurn();
  const { client } = connection;
  const channel = step.known ? pickChannel(connection, step.pick) : undefined;
  const channelId = channel?.channelId ?? NEVER_GIVEN;
  const wrong = channel === undefined ? "invalid-channel-id" : wrongWish(step.rate, step.targetBits);
  const maxTarget = targetOf(step.targetBits);
  if (channel !== undefined && wrong === undefined) {
    channel.maxTarget = maxTarget;
    client.updates.set(channelId, (target) => walk.expectBounded(target, maxTarget));
  } else if (client.openAnswered) client.refusals.push(`update ${channelId} ${wrong}`);
  walk.pool.count(`update ${wrong ?? "legal"}`);
  const message = { nominal_hash_rate: step.rate, maximum_target: bytesOfInteger(maxTarget) };
  connection.send(channels.UpdateChannel, { channel_id: channelId, ...message });
}

async function close(walk: ModelWalk, step: StepOf<"close">): Promise<void> {
  const connection = walk.connection(step.conn);
  // What is missing of a share comes before, while its channel is open; and what was said of one is heard before.
  connection.finish();
  if (walk.closedInTurn) await walk.endTurn();
  walk.closedInTurn = true;
  const channel = pickChannel(connection, step.pick);
  // A client of standard jobs does not hear of it when its channels change groups.
  const byGroup = step.what === "group" && !connection.setting.requiresStandardJobs;
  const known = byGroup ? channel?.groupId : channel?.channelId;
  const channelId = step.what === "unknown" || known === undefined ? NEVER_GIVEN : known;
  connection.send(channels.CloseChannel, { channel_id: channelId, reason_code: "" });
  connection.client.close(channelId);
}

async function time(walk: ModelWalk, ms: number): Promise<void> {
  const { pool } = walk;
  await pool.pass(ms);
  const now = pool.clock.now();
  for (const { harness } of walk.connections) harness.session.tick(now);
  pool.pool.retarget(now);
  if (ms < 6_000) return;
  await walk.endTurn();
  walk.ledgerTroubled = pool.ledger.failures.length > 0;
  for (const { client } of walk.connections) {
    for (const channel of client.channels.values()) {
      must(walk.ledgerTroubled || channel.unacknowledged.length === 0, "shares are acknowledged in time");
    }
  }
}

function extensions(walk: ModelWalk, { conn, wanted }: StepOf<"extensions">): void {
  const granted = walk.connection(conn).requestExtensions(wanted);
  walk.pool.count(`extensions ${granted ? "granted" : "refused"}`);
}

function idleTalk(walk: ModelWalk, step: StepOf<"idle talk">): void {
  const connection = walk.connection(step.conn);
  switch (step.what) {
    case "custom job": {
      const request_id = connection.nextRequestId();
      if (connection.client.openAnswered) connection.client.refusals.push(`custom ${request_id} jd-not-supported`);
      return connection.send(SetCustomMiningJob, { ...CUSTOM_JOB, request_id });
    }
    case "unknown":
      return connection.sendBytes(new Uint8Array([0, 0, 0x7d, 2, 0, 0, 1, 2]));
    case "extension":
      return connection.sendBytes(new Uint8Array([0xf0, 0x7f, 0x15, 1, 0, 0, 1]));
    case "endpoint":
      connection.finish();
      connection.client.extensions.forget();
      return connection.send(ChannelEndpointChanged, { channel_id: 1 });
  }
}

function end(walk: ModelWalk, step: StepOf<"end">): void {
  const connection = walk.connection(step.conn);
  const { session } = connection.harness;
  switch (step.how) {
    case "close":
      session.end("peer-closed");
      break;
    case "server-only":
      connection.send(SetTarget, { channel_id: 1, maximum_target: new Uint8Array(32) });
      break;
    case "second setup":
      connection.send(SetupConnection, SETUP);
      break;
    case "malformed share":
      connection.sendBytes(new Uint8Array([0, 0x80, SubmitSharesStandard.msgType, 1, 0, 0, 7]));
      break;
    case "too long":
      connection.sendBytes(new Uint8Array([0, 0x80, SubmitSharesStandard.msgType, 0xff, 0xff, 0xff]));
      break;
  }
  must(connection.harness.ended === ENDS[step.how], `it ends with ${ENDS[step.how]}, not ${connection.harness.ended}`);
  walk.pool.count(`end ${step.how}`);
  walk.comeBack(connection);
}

const ENDS = {
  close: "peer-closed",
  "server-only": "protocol:server-only-message",
  "second setup": "protocol:second-setup",
  "malformed share": "protocol:malformed-share",
  "too long": "protocol:frame-too-long",
} as const;
