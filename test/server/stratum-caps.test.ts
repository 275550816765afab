import { describe, expect, it, vi } from "vitest";
import type * as PrivateAddress from "../../src/server/private-address.ts";
import type { PlaintextPolicy, StratumServerOptions } from "../../src/server/stratum-server.ts";
import { SetupConnectionSuccess } from "../../src/wire/common-messages.ts";
import { within } from "../support/wait.ts";
import { StratumBench } from "./stratum-bench.ts";

/** Stands for an address that is not private: all that a test can connect from are. */
const PUBLIC = "127.0.0.9";

vi.mock("../../src/server/private-address.ts", async (original) => {
  const { isPrivateAddress } = await original<typeof PrivateAddress>();
  return { isPrivateAddress: (address: string) => address !== PUBLIC && isPrivateAddress(address) };
});

let bench: StratumBench;

async function start(options: Partial<StratumServerOptions>): Promise<void> {
  bench = await StratumBench.start(options);
}

describe("the cap on connections", () => {
  it("lets in as many as it says; one more is closed at once, and the others are served on", async () => {
    await start({ maxConnections: 3 });
    const first = await bench.join();
    await bench.join();
    await bench.join();
    const refused = bench.connect();
    await within(refused.closed, "the refusal");
    expect(bench.server.connections).toBe(3);
    expect(bench.count("adit_connections")).toBe(3);
    expect(bench.count("adit_connections_accepted_total")).toBe(3);
    expect(bench.count("adit_connections_refused_total")).toBe(1);
    expect(bench.logger.of("connection refused")).toEqual([{ address: "127.0.0.1", open: 3, ofAddress: 3 }]);
    await first.setUp();
  });

  it("is freed by each connection that closes, and by none that was refused", async () => {
    await start({ maxConnections: 2 });
    let peer = await bench.join();
    await bench.join();
    for (let round = 1; round <= 3; round += 1) {
      await within(bench.connect().closed, "the refusal");
      expect(bench.count("adit_connections_refused_total")).toBe(round);
      peer.socket.destroy();
      await bench.left(1);
      expect(bench.count("adit_connections")).toBe(1);
      peer = await bench.join();
      await peer.setUp();
    }
  });
});

describe("the cap on connections of one address", () => {
  it("lets in as many as it says, closes one more at once, and bounds no other address", async () => {
    await start({ maxConnectionsPerAddress: 2 });
    await bench.join({ from: "127.0.0.2" });
    await bench.join({ from: "127.0.0.2" });
    await within(bench.connect({ from: "127.0.0.2" }).closed, "the refusal");
    expect(bench.logger.of("connection refused")).toEqual([{ address: "127.0.0.2", open: 2, ofAddress: 2 }]);
    const other = await bench.join({ from: "127.0.0.3" });
    await other.setUp();
    expect(bench.server.connections).toBe(3);
  });

  it("is freed by each of its connections that closes", async () => {
    await start({ maxConnectionsPerAddress: 2 });
    const first = await bench.join({ from: "127.0.0.2" });
    const second = await bench.join({ from: "127.0.0.2" });
    first.socket.destroy();
    await bench.left(1);
    await bench.join({ from: "127.0.0.2" });
    await within(bench.connect({ from: "127.0.0.2" }).closed, "the refusal");
    second.socket.destroy();
    bench.peers[2]?.socket.destroy();
    await bench.left(0);
    await bench.join({ from: "127.0.0.2" });
    await bench.join({ from: "127.0.0.2" });
    await within(bench.connect({ from: "127.0.0.2" }).closed, "the refusal");
  });
});

describe("plaintext", () => {
  it.each<[PlaintextPolicy, string, boolean]>([
    ["private", "127.0.0.1", true],
    ["private", PUBLIC, false],
    ["always", "127.0.0.1", true],
    ["always", PUBLIC, true],
    ["never", "127.0.0.1", false],
    ["never", PUBLIC, false],
  ])("where the policy is %s, from %s, is taken: %s", async (plaintext, from, taken) => {
    await start({ plaintext });
    const peer = await bench.join({ from });
    peer.sendSetup();
    if (taken) {
      await peer.next(SetupConnectionSuccess);
    } else {
      await within(peer.closed, "the refusal");
      expect(bench.ends).toEqual(["plaintext-refused"]);
      expect(peer.unread).toBe(0);
    }
  });

  it.each<PlaintextPolicy>(["private", "always", "never"])(
    "is no matter for who encrypts, where it is %s",
    async (plaintext) => {
      await start({ plaintext });
      const peer = await (await bench.join({ from: PUBLIC, encrypted: true })).ready();
      await peer.setUp();
    },
  );
});
