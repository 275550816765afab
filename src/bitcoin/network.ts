/** The networks that a pool can mine on. */

export type Network = "main" | "testnet4" | "signet" | "regtest";

export const NETWORKS: readonly Network[] = ["main", "testnet4", "signet", "regtest"];
