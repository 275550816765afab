import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import type { ProbeOptions } from "../../src/client/probe.ts";
import type { ProbeEvent } from "../../src/client/probe-events.ts";
import { runProbe } from "../../src/client/run-probe.ts";
import { AUTHORITY_PUBLIC_KEY } from "../server/server-keys.ts";
import { StratumBench } from "../server/stratum-bench.ts";
import { lastingPort } from "../support/lasting-port.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { until } from "../support/wait.ts";

type Options = Partial<ProbeOptions> & { readonly port: number; readonly kind?: "standard" | "extended" };

async function probed(
  { port, kind = "extended", ...options }: Options,
  clock: ManualClock,
): Promise<{ readonly events: ProbeEvent[]; readonly error: unknown }> {
  const events: ProbeEvent[] = [];
  const error = await runProbe(
    {
      identity: {
        kind,
        host: "127.0.0.1",
        port,
        vendor: "adit",
        firmware: "adit-probe",
        userIdentity: new TextEncoder().encode("alice"),
        nominalHashrate: 1e12,
      },
      plaintext: false,
      authorityPublicKey: AUTHORITY_PUBLIC_KEY,
      timeoutSeconds: 10,
      ...options,
    },
    { clock, onStep: (event) => events.push(event) },
  ).catch((reason: unknown) => reason);
  expect(clock.pending, "no timer is left").toBeLessThanOrEqual(1);
  return { events, error };
}

describe("a probe over a socket", () => {
  it.each([
    ["extended", false],
    ["standard", false],
    ["extended", true],
    ["standard", true],
  ] as const)("finds nothing wrong with our own pool: %s channel, plaintext: %s", async (kind, plaintext) => {
    const bench = await StratumBench.start();
    const { events, error } = await probed({ port: bench.port, kind, plaintext }, bench.clock);
    expect(error).toBeUndefined();
    const noise = plaintext ? [] : ["handshake", "certificate"];
    expect(events.map(({ step }) => step)).toEqual(["connect", ...noise, "setup", "channel", "job", "close"]);
    for (const event of events) expect(event).toMatchObject({ ok: true, notes: [] });
    expect(events[0]).toMatchObject({ address: "127.0.0.1", port: bench.port });
    await bench.left(0);
    expect(bench.ends).toEqual(["peer-closed"]);
    expect(bench.logger.of("channel closed")).toMatchObject([{ by: "client", reasonCode: "client-stopped" }]);
  });

  it("finds a pool that has no work", async () => {
    const bench = new StratumBench();
    const { port } = await bench.server.listen();
    const over = probed({ port, timeoutSeconds: 3_600 }, bench.clock);
    await until("the request for a channel is refused", () => {
      bench.clock.advance(1_000);
      return bench.logger.of("channel refused").length === 1;
    });
    const { error } = await over;
    expect(error).toMatchObject({ code: "open-refused", details: { errorCode: "no-template-available" } });
  });

  it("finds that nobody listens", async () => {
    const { events, error } = await probed({ port: await lastingPort() }, new ManualClock());
    expect(error).toMatchObject({ code: "connect-failed", message: expect.stringContaining("ECONNREFUSED") });
    expect(events).toMatchObject([{ step: "connect", ok: false }]);
  });

  it("gives each step its time anew, and no more", async () => {
    const clock = new ManualClock();
    const server = createServer(() => undefined).listen(0, "127.0.0.1");
    onTestFinished(() => void server.close());
    await once(server, "listening");
    const over = probed({ port: (server.address() as AddressInfo).port, timeoutSeconds: 3 }, clock);
    clock.advance(2_000);
    const [socket] = await once(server, "connection");
    onTestFinished(() => void socket.destroy());
    await once(socket, "data");
    clock.advance(2_999);
    expect(clock.pending).toBe(1);
    clock.advance(1);
    const { events, error } = await over;
    expect(error).toMatchObject({ code: "connect-failed", message: expect.stringContaining("within 3 s") });
    expect(events).toMatchObject([
      { step: "connect", ok: true, ms: 2_000 },
      { step: "handshake", ok: false, ms: 3_000 },
    ]);
    expect(clock.pending).toBe(0);
  });
});
