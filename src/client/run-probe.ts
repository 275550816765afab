/** A probe over a real socket: connects, and gives the machine what comes and the time that passes. */

import { connect } from "node:net";
import type { Clock, Timer } from "../core/clock.ts";
import { Probe, type ProbeOptions } from "./probe.ts";
import type { ProbeEvent } from "./probe-events.ts";

/**
 * Probes a pool. Resolves where all is right.
 * @param context.onStep told of each step, of the one that fails too.
 * @throws {AditError} with what is wrong.
 */
export async function runProbe(
  options: ProbeOptions,
  context: { readonly clock: Clock; onStep(event: ProbeEvent): void },
): Promise<void> {
  const { clock } = context;
  const { host, port } = options.identity;
  const beganAt = clock.now();
  const socket = connect({ host, port, noDelay: true });
  let deadline: Timer | undefined;
  const error = await new Promise<Error | undefined>((resolve) => {
    const probe = new Probe(
      options,
      {
        send: (bytes) => void socket.write(bytes),
        finish: () => void socket.end(),
        onStep: (event) => {
          context.onStep(event);
          watch();
        },
        onDone: resolve,
      },
      beganAt,
    );
    const watch = (): void => {
      deadline?.cancel();
      deadline = clock.after(1_000 * options.timeoutSeconds, () => probe.timedOut(clock.now()));
    };
    watch();
    socket.on("connect", () => {
      const { remoteAddress = host, remotePort = port } = socket;
      probe.connected({ address: remoteAddress, port: remotePort }, clock.now());
    });
    socket.on("data", (chunk: Buffer) => probe.receive(chunk, clock.now()));
    socket.on("error", (cause) => probe.ended(cause, clock.now()));
    socket.on("close", () => probe.ended(undefined, clock.now()));
  });
  deadline?.cancel();
  socket.destroy();
  if (error !== undefined) throw error;
}
