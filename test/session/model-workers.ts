/** Workers in the model: how shares name them (extension 0x0002), and who is credited with what. */

/** How a share names its worker; in full, and by the account alone, are other names of one. */
export const WORKER_WISHES = ["none", "rig1", "rig1 in full", "rig2", "account", "too long"] as const;
export type WorkerWish = (typeof WORKER_WISHES)[number];

const LONGEST_NAME_BYTES = 32;

/** The name's text on a channel of that identity; "" for none. */
export function workerName(wish: WorkerWish, channelIdentity: string): string {
  const account = accountOf(channelIdentity);
  switch (wish) {
    case "none":
      return "";
    case "rig1 in full":
      return `${account}.rig1`;
    case "account":
      return account;
    case "too long":
      return "x".repeat(LONGEST_NAME_BYTES + 1);
    default:
      return wish;
  }
}

export function isTooLong(name: string): boolean {
  return name.length > LONGEST_NAME_BYTES;
}

function accountOf(channelIdentity: string): string {
  return channelIdentity.split(".", 1)[0] ?? "";
}

/** What the shares of one channel are credited to. */
export class ModelWorkers {
  readonly #channelIdentity: string;
  /** Names that a share was accepted under. */
  readonly #known = new Set<string>();

  constructor(channelIdentity: string) {
    this.#channelIdentity = channelIdentity;
  }

  /** An accepted share, or a block, is its worker's. */
  ownerOf(name: string): string {
    if (name === "" || isTooLong(name)) return this.#channelIdentity;
    const account = accountOf(this.#channelIdentity);
    if (name === account) return account;
    return name.startsWith(`${account}.`) ? name : `${account}.${name}`;
  }

  /** Whom a share goes to that has its verdict. */
  settle(name: string, accepted: boolean): string {
    if (accepted) this.#known.add(name);
    return this.#known.has(name) ? this.ownerOf(name) : this.#channelIdentity;
  }
}
