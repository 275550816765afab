/**
 * What becomes of one connection's groups when payouts change while it lives: a group whose members all get the same new
 * payout keeps its id, and other channels move to the group of theirs. A channel whose identity nobody can pay any more
 * has to go before. SV2 §5.3.22.
 */

import type { Channel } from "./channel.ts";
import type { ChannelGroups } from "./channel-groups.ts";
import type { Group } from "./group.ts";
import { withdrawAhead } from "./job-delivery.ts";
import type { PayoutPolicy } from "./payout-policy.ts";
import { type WorkKind, workKind } from "./work-kind.ts";

export type Regrouping = {
  /** Some group does other work than before. */
  readonly changed: boolean;
  /** Groups that channels came to. */
  readonly joined: ReadonlySet<Group<Channel>>;
};

/** The channels that nobody can be paid for. */
export function unpaidOf(channels: Iterable<Channel>, payoutOf: PayoutPolicy): Channel[] {
  return [...channels].filter(({ userIdentity }) => payoutOf(userIdentity) === "unknown-user");
}

/** Brings every channel into the group of its payout, which each of them has. */
export function regroup(groups: ChannelGroups, payoutOf: PayoutPolicy): Regrouping {
  // What all channels want, before any of them moves: two groups may change places.
  const wanted = [...groups.all()].map((group) => ({ group, kinds: kindsOf(group, payoutOf) }));
  const joined = new Set<Group<Channel>>();
  let changed = false;
  for (const { group, kinds } of wanted) {
    const [kind] = kinds.values();
    const isWhole = kinds.size === group.members.size && [...kinds.values()].every(({ key }) => key === kind?.key);
    if (kind === undefined || (isWhole && kind.key === group.kind.key)) continue;
    changed = true;
    withdrawAhead(group);
    if (isWhole && groups.find(kind) === undefined) {
      groups.change(group, kind);
      continue;
    }
    for (const [channel, itsKind] of kinds) {
      if (itsKind.key === group.kind.key) continue;
      const target = groups.move(channel, itsKind);
      withdrawAhead(target);
      joined.add(target);
    }
  }
  return { changed, joined };
}

function kindsOf(group: Group<Channel>, payoutOf: PayoutPolicy): Map<Channel, WorkKind> {
  const kinds = new Map<Channel, WorkKind>();
  for (const channel of group.members) {
    const payout = payoutOf(channel.userIdentity);
    if (payout === "unknown-user") throw new Error("a channel that nobody can be paid for was not closed");
    kinds.set(channel, workKind(group.kind.extranonceBytes, payout));
  }
  return kinds;
}
