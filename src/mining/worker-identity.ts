/**
 * The identity that a worker's share is credited to. A proxy opens one channel for many miners and names, share by
 * share, the one that found it (extension 0x0002); what it says is joined to the account of the channel, so that no
 * channel earns for another account.
 */

import { identityText } from "./identity.ts";

/**
 * The account of the channel, which is its identity up to the first dot, and the worker behind it: `rig1`, or
 * `alice.rig1` in full, on a channel of `alice` or of `alice.proxy` is `alice.rig1`, and `bob.rig1` on one of them is
 * `alice.bob.rig1`. A miner that logged in to its proxy by the account alone is the account.
 * @param channelIdentity as `identityText` gives it.
 */
export function workerIdentity(channelIdentity: string, name: Uint8Array): string {
  const [account = ""] = channelIdentity.split(".", 1);
  const text = identityText(name);
  if (text === account) return account;
  const worker = text.startsWith(`${account}.`) ? text.slice(account.length + 1) : text;
  return worker === "" ? account : `${account}.${worker}`;
}
