/** Ports for servers that a test stops and starts again. */

import { once } from "node:events";
import { createServer } from "node:net";

/** Below the ports that Linux gives out by itself, from 32,768 on. */
const FROM = 20_000;
const TO = 32_767;

/** A free loopback port that no other program is given by chance while its server is away. */
export async function lastingPort(): Promise<number> {
  for (;;) {
    const port = FROM + Math.floor(Math.random() * (TO - FROM + 1));
    const probe = createServer();
    const isFree = await new Promise<boolean>((resolve) => {
      probe.once("error", () => resolve(false));
      probe.listen({ port, host: "127.0.0.1" }, () => resolve(true));
    });
    if (!isFree) continue;
    probe.close();
    await once(probe, "close");
    return port;
  }
}
