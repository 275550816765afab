/** Whom blocks pay in the model: the payout that is configured now, and what follows from it for each identity. */

import type { PayoutOptions } from "../../src/mining/payout-policy.ts";

export type PayoutMode = PayoutOptions["mode"];

/** Output scripts by address, in hexadecimal (BIP173: version 0 and the 20 bytes). */
const SCRIPTS = {
  bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080: "0014751e76e8199196d454941c45d1b3a323f1433bd6",
  bcrt1q6z64a43mjgkcq0ul2znwneq3spghrlau9slefp: "0014d0b55ed63b922d803f9f50a6e9e411805171ffbc",
} as const;

const [BOB, ALICE] = Object.keys(SCRIPTS) as [keyof typeof SCRIPTS, keyof typeof SCRIPTS];
const OPERATOR = "0014f00df00df00df00df00df00df00df00df00df00d";

/** Addresses that can be paid by themselves, a name that only the operator stands for, and one that is no form at all. */
export const IDENTITIES = [`${ALICE}.proxy`, BOB, "carol", `sri/solo/${ALICE}`, "sri/solo/nobody"] as const;

export class ModelPayouts {
  #mode: PayoutMode = "pool";

  get mode(): PayoutMode {
    return this.#mode;
  }

  /** From now on. @returns the settings of the pool for it. */
  change(mode: PayoutMode): PayoutOptions {
    this.#mode = mode;
    return { mode, network: "regtest", poolScript: Uint8Array.from(Buffer.from(OPERATOR, "hex")), feePercent: 0 };
  }

  /** The script, in hexadecimal, that gets all of a block of that identity; undefined where nobody can be paid. */
  payeeOf(userIdentity: string): string | undefined {
    if (this.#mode === "pool") return OPERATOR;
    const direct = scriptOf(userIdentity.split(".", 1)[0]);
    if (direct !== undefined || this.#mode === "solo") return direct;
    const [prefix, , address] = userIdentity.split("/");
    return prefix === "sri" ? scriptOf(address) : OPERATOR;
  }
}

function scriptOf(address: string | undefined): string | undefined {
  return address === BOB || address === ALICE ? SCRIPTS[address] : undefined;
}

/** All of whom the model knows that a coinbase, or a part of it, pays. */
export function payeesIn(bytes: Uint8Array): string {
  const text = Buffer.from(bytes).toString("hex");
  return [OPERATOR, ...Object.values(SCRIPTS)].filter((script) => text.includes(script)).join();
}
