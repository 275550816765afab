/** The writes of a server's sockets, seen by a test in the same process until it ends. */

import { Socket } from "node:net";
import { onTestFinished, vi } from "vitest";

/** Calls `onWrite` with the peer's port before each write from the server's port, from now on. */
export function onWrites(serverPort: number, onWrite: (peerPort: number | undefined) => void): void {
  const { write } = Socket.prototype;
  const spy = vi.spyOn(Socket.prototype, "write").mockImplementation(function (this: Socket, ...args: unknown[]) {
    if (this.localPort === serverPort) onWrite(this.remotePort);
    return Reflect.apply(write, this, args);
  });
  onTestFinished(() => spy.mockRestore());
}

/** The peers' ports of all writes from now on. */
export function watchWrites(serverPort: number): (number | undefined)[] {
  const writes: (number | undefined)[] = [];
  onWrites(serverPort, (peerPort) => writes.push(peerPort));
  return writes;
}
