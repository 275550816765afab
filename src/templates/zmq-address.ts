/** Where a node publishes: what may stand in its `zmqpubhashblock`, and so in `zmq_hashblock`. */

export function isZmqAddress(text: string): boolean {
  const port = Number(/^tcp:\/\/[^\s/]+:(\d{1,5})$/.exec(text)?.[1]);
  return /^ipc:\/\/\S+$/.test(text) || (port >= 1 && port <= 65_535);
}
