/** The shares of the model: what a client sends, and where it is no open channel's, what has to come of it. */

import { SubmitSharesStandard } from "../../src/wire/share-messages.ts";
import type { ModelChannel } from "./model-channel.ts";
import type { ModelConnection } from "./model-connection.ts";
import { NEVER_GIVEN, type StepOf } from "./model-steps.ts";
import type { ModelWalk } from "./model-walk.ts";
import type { ActiveJob } from "./model-work.ts";
import { workerName } from "./model-workers.ts";

export function pickChannel({ client }: ModelConnection, pick: number): ModelChannel | undefined {
  const open = [...client.channels.values()];
  return open[pick % Math.max(1, open.length)];
}
/** The job that a share names: by its id, with what is known of it. */
function jobFor(
  channel: ModelChannel,
  from: StepOf<"share">["job"],
  others: readonly ModelChannel[],
): [number, ActiveJob] | undefined {
  const newest = channel.jobs.at(-1);
  if (newest === undefined) return undefined;
  switch (from.from) {
    case "newest": {
      const job = channel.jobs.at(-1 - (from.back % channel.jobs.length)) ?? newest;
      return [job.seen.jobId, job];
    }
    case "unknown":
      return [NEVER_GIVEN, newest];
    case "pending":
      return [channel.pending.at(-1)?.jobId ?? NEVER_GIVEN, newest];
    case "other": {
      const known = new Set(channel.jobs.map(({ seen }) => seen.jobId));
      const foreign = others.flatMap(({ jobs }) => jobs).find(({ seen }) => !known.has(seen.jobId));
      return [foreign?.seen.jobId ?? NEVER_GIVEN, newest];
    }
  }
}

function ntimeFor(job: ActiveJob, wish: StepOf<"share">["ntime"], nowMs: number): number {
  const last = Math.floor(nowMs / 1000) + 7_200;
  return { least: job.minNtime, later: job.minNtime + 1, below: job.minNtime - 1, last, beyond: last + 1 }[wish];
}

export function share(walk: ModelWalk, step: StepOf<"share">): void {
  const connection = walk.connection(step.conn);
  const channel = pickChannel(connection, step.pick);
  if (channel === undefined) return;
  const named = jobFor(channel, step.job, [...connection.client.channels.values()]);
  if (named === undefined) return;
  const [jobId, job] = named;
  const length = Math.min(32, Math.max(0, channel.rollable + step.excess));
  const fields = {
    jobId,
    sequenceNumber: connection.nextSequenceNumber(),
    nonce: step.nonce,
    ntime: ntimeFor(job, step.ntime, connection.now.wallMs),
    version: (job.seen.version ^ step.version) >>> 0,
    extranonce: new Uint8Array(length).fill(step.fill),
    name: workerName(step.worker, channel.userIdentity),
  };
  connection.share(channel, fields, step.cut);
}

export function repeat(walk: ModelWalk, step: StepOf<"repeat">): void {
  const connection = walk.connection(step.conn);
  const channel = pickChannel(connection, step.pick);
  if (channel !== undefined) sendAgain(connection, channel, step);
}

/** Sends a share once more, counted back from the last one: under its own job, or under the newest one. */
export function sendAgain(
  connection: ModelConnection,
  channel: ModelChannel,
  { which, underNewest }: Pick<StepOf<"repeat">, "which" | "underNewest">,
): void {
  const sent = channel.sent.at(-1 - (which % Math.max(1, channel.sent.length)));
  if (sent === undefined) return;
  // Where the newest job is the same but for its id, it is the same header again.
  const jobId = underNewest ? (channel.jobs.at(-1)?.seen.jobId ?? 0) : sent.jobId;
  connection.share(channel, { ...sent, jobId, sequenceNumber: connection.nextSequenceNumber() }, 100);
}

/** A share for what is no open channel of the connection. */
export function stray(walk: ModelWalk, step: StepOf<"stray">): void {
  const connection = walk.connection(step.conn);
  const { client } = connection;
  const ids = { zero: 0, never: NEVER_GIVEN, group: client.lastGroupId, closed: client.lastClosedId };
  const channelId = ids[step.channel];
  const sequenceNumber = connection.nextSequenceNumber();
  if (client.everOpened) client.refusals.push(`share ${channelId} ${sequenceNumber} invalid-channel-id`);
  walk.pool.count(client.everOpened ? "invalid-channel-id" : "share before the first channel");
  const named = { channel_id: channelId, sequence_number: sequenceNumber, job_id: 1 };
  connection.send(SubmitSharesStandard, { ...named, nonce: 0, ntime: 0, version: 0 });
}
