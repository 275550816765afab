/**
 * The groups of one connection: one for each kind of work that its channels do, as long as it has members. An id is
 * never used again. SV2 §5.2.3.
 */

import type { Channel } from "./channel.ts";
import type { Group } from "./group.ts";
import type { IdSequence } from "./id-sequence.ts";
import type { WorkKind } from "./work-kind.ts";

export class ChannelGroups {
  readonly #ids: IdSequence;
  /** By the kind's key. */
  readonly #groups = new Map<string, Group<Channel>>();

  /** @param ids the namespace that groups and channels draw from. */
  constructor(ids: IdSequence) {
    this.#ids = ids;
  }

  all(): IterableIterator<Group<Channel>> {
    return this.#groups.values();
  }

  /** The group of that kind, or a new one without members. */
  of(kind: WorkKind): Group<Channel> {
    return this.find(kind) ?? { groupChannelId: this.#ids.next(), kind, members: new Set(), ahead: undefined };
  }

  find(kind: WorkKind): Group<Channel> | undefined {
    return this.#groups.get(kind.key);
  }

  /** Members of the group of that id; none for an unknown one. */
  membersOf(groupChannelId: number): Channel[] {
    for (const group of this.#groups.values()) {
      if (group.groupChannelId === groupChannelId) return [...group.members];
    }
    return [];
  }

  join(channel: Channel): void {
    const { group } = channel;
    this.#groups.set(group.kind.key, group);
    group.members.add(channel);
  }

  leave(channel: Channel): void {
    const { group } = channel;
    group.members.delete(channel);
    if (group.members.size === 0) this.#groups.delete(group.kind.key);
  }

  /** Moves a channel to the group of that kind. @returns that group. */
  move(channel: Channel, kind: WorkKind): Group<Channel> {
    this.leave(channel);
    channel.group = this.of(kind);
    this.join(channel);
    return channel.group;
  }

  /** The group does another kind of work from now on, which no other group does. */
  change(group: Group<Channel>, kind: WorkKind): void {
    this.#groups.delete(group.kind.key);
    group.kind = kind;
    this.#groups.set(kind.key, group);
  }
}
