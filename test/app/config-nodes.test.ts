import { describe, expect, it } from "vitest";
import { toConfig } from "../../src/app/config.ts";
import { parseConfig, readEnvironment } from "../../src/app/config-sources.ts";

function nodesOf(toml: string): { rpcUser: string; rpcPassword: string; zmqHashblock: string }[] {
  return [...toConfig(parseConfig(`network = "regtest"\n[payout]\nmode = "solo"\n${toml}`, "c.toml")).nodes];
}

describe("a node", () => {
  it("whose ZMQ address is none is named with its file, place and what would be right", () => {
    expect(() => nodesOf('[[node]]\n[[node]]\nzmq_hashblock = "foo"\n')).toThrow(
      'c.toml: node.1.zmq_hashblock is "foo", but an address such as tcp://127.0.0.1:28332 is needed',
    );
  });

  it.each(["", "tcp://127.0.0.1:28332", "tcp://[::1]:1", "ipc:///run/node"])(
    "may have %j as its ZMQ address",
    (address) => {
      expect(nodesOf(`[[node]]\nzmq_hashblock = "${address}"\n`)[0]?.zmqHashblock).toBe(address);
    },
  );

  it("with a user and no password is refused, by its place", () => {
    expect(() => nodesOf('[[node]]\n[[node]]\nrpc_user = "alice"\n')).toThrow(
      "node.1.rpc_user is set and node.1.rpc_password is not",
    );
  });

  it("may have both, or a password alone", () => {
    const [both, alone] = nodesOf(
      '[[node]]\nrpc_user = "a"\nrpc_password = "b"\n[[node]]\nrpc_url = "http://b"\nrpc_password = "c"\n',
    );
    expect([both?.rpcUser, both?.rpcPassword, alone?.rpcUser, alone?.rpcPassword]).toEqual(["a", "b", "", "c"]);
  });
});

describe("nodes", () => {
  const urls = (environment: Record<string, string>): string[] =>
    toConfig(readEnvironment({ ADIT_PAYOUT__MODE: "solo", ...environment })).nodes.map(({ rpcUrl }) => rpcUrl);

  it("stand in the order of their numbers, in whatever order the environment has them", () => {
    const environment = {
      ADIT_NODE__10__RPC_URL: "http://c",
      ADIT_NODE__2__RPC_URL: "http://b",
      ADIT_NODE__0__RPC_URL: "http://a",
    };
    expect(urls(environment)).toEqual(["http://a", "http://b", "http://c"]);
  });

  it("are each named once, however their URL is written", () => {
    const twice = { ADIT_NODE__0__RPC_URL: "http://u:s3cret@a:8332", ADIT_NODE__1__RPC_URL: "http://A/" };
    expect(() => urls(twice)).not.toThrow("s3cret");
    expect(() => urls(twice)).toThrow(
      "two nodes have the rpc_url http://a:8332: a section [[node]] for each node, once",
    );
    expect(urls({ ...twice, ADIT_NODE__1__RPC_URL: "http://a:8333" })).toHaveLength(2);
  });

  it("have numbers of three digits at most", () => {
    expect(urls({ ADIT_NODE__999__RPC_URL: "http://a" })).toEqual(["http://a"]);
    expect(() => urls({ ADIT_NODE__1000__RPC_URL: "http://a" })).toThrow("there is no key node.1000.rpc_url");
  });

  it("of signet are refused, and left alone where the simulated node is asked for", () => {
    const signet = { ADIT_NETWORK: "signet", ADIT_NODE__0__RPC_URL: "http://a" };
    expect(() => urls(signet)).toThrow('network is "signet", whose blocks need a signature');
    expect(urls({ ...signet, ADIT_SIMULATE__ENABLED: "true" })).toEqual(["http://a"]);
  });
});
