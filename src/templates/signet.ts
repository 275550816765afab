/** Signet: a network whose blocks need the signature of its keeper. */

import type { Network } from "../bitcoin/network.ts";
import { TemplateError } from "./errors.ts";

/** @throws {TemplateError} `signet-unsupported`. */
export function refuseSignet(network: Network): void {
  if (network !== "signet") return;
  throw new TemplateError(
    "signet-unsupported",
    "a block of signet needs the signature of that signet's keeper, which this pool cannot make: " +
      "the network has to be main, testnet4 or regtest",
  );
}
