import { beforeEach, describe, expect, it } from "vitest";
import { ClientError, type ClientErrorCode } from "../../src/client/errors.ts";
import { MAX_LOSSES_ELSEWHERE, ReconnectPlan } from "../../src/client/reconnect-plan.ts";
import { NoiseError } from "../../src/noise/errors.ts";

const authorityPublicKey = new Uint8Array(32).fill(2);
const HOME = { host: "pool-a.example", port: 3334, authorityPublicKey };
const OTHER = { host: "pool-b.example", port: 3335, authorityPublicKey };
const TO_OTHER = { new_host: "pool-b.example", new_port: 3335 };
const WRONG_KEY = new NoiseError("certificate-signature", "another key");

function loss(code: ClientErrorCode = "connection-lost"): ClientError {
  return new ClientError(code, { code });
}

let plan: ReconnectPlan;
beforeEach(() => {
  plan = new ReconnectPlan(HOME);
});

/** The pool of the URL was mined on, and has sent the miner on. */
function sentOn(): void {
  plan.noteOpened();
  plan.noteAccepted();
  expect(plan.sendOn(TO_OTHER).answer).toBe("followed");
  expect(plan.afterLoss(loss())).toBe(1_000);
}

describe("A miner's plan for what the pool sends it to", () => {
  it.each([
    [{ new_host: "pool-b.example", new_port: 3335 }, OTHER],
    [
      { new_host: "", new_port: 3335 },
      { ...HOME, port: 3335 },
    ],
    [
      { new_host: "pool-b.example", new_port: 0 },
      { ...OTHER, port: 3334 },
    ],
    [
      { new_host: "192.0.2.1", new_port: 1 },
      { ...HOME, host: "192.0.2.1", port: 1 },
    ],
    [
      { new_host: "2001:db8::1", new_port: 65_535 },
      { ...HOME, host: "2001:db8::1", port: 65_535 },
    ],
    [{ new_host: "", new_port: 0 }, HOME],
  ])("is %j with the key of its URL", (message, expected) => {
    const { host, port } = expected;
    expect(plan.sendOn(message)).toEqual({ host, port, answer: "followed" });
    expect(plan.present).toEqual(expected);
  });

  it("takes an empty host and port for those that it is connected to, and not for those of its URL", () => {
    plan.sendOn(TO_OTHER);
    plan.sendOn({ new_host: "", new_port: 3336 });
    expect(plan.present).toEqual({ ...OTHER, port: 3336 });
    plan.sendOn({ new_host: "pool-c.example", new_port: 0 });
    expect(plan.present).toEqual({ ...OTHER, host: "pool-c.example", port: 3336 });
  });

  it.each(["a host", "pool\u0007", "a/b", "[::1]", "::1%", "pool:1"])(
    "is none where there can be no host %j",
    (host) => {
      expect(plan.sendOn({ new_host: host, new_port: 3335 })).toEqual({ host, port: 3335, answer: "invalid" });
      expect(plan.present).toEqual(HOME);
    },
  );

  it("is no other host without encryption, where anybody on the way can have said it", () => {
    const home = { ...HOME, authorityPublicKey: undefined };
    plan = new ReconnectPlan(home);
    expect(plan.sendOn(TO_OTHER)).toEqual({ host: "pool-b.example", port: 3335, answer: "unproven" });
    expect(plan.present).toEqual(home);
    expect(plan.sendOn({ new_host: "POOL-A.example", new_port: 3335 }).answer).toBe("followed");
    expect(plan.sendOn({ new_host: "", new_port: 3336 }).answer).toBe("followed");
    expect(plan.present.port).toBe(3336);
  });
});

describe("A miner that was sent on", () => {
  it("goes there even where it never had a channel, but gives up where that is lost then", () => {
    plan.sendOn(TO_OTHER);
    expect(plan.afterLoss(loss())).toBe(1_000);
    expect(plan.afterLoss(loss("connect-failed"))).toBeUndefined();
  });

  it("tries the other host three times, and then the one of its URL, with ever longer waits", () => {
    sentOn();
    const tried: [number | undefined, string][] = [];
    for (let attempt = 1; attempt <= 4; attempt += 1) {
      tried.push([plan.afterLoss(loss("connect-failed")), plan.present.host]);
    }
    expect(tried).toEqual([
      [2_000, "pool-b.example"],
      [4_000, "pool-b.example"],
      [8_000, "pool-a.example"],
      [16_000, "pool-a.example"],
    ]);
  });

  it("counts anew after an accepted share, and where it is sent on again", () => {
    sentOn();
    for (let time = 1; time <= 2; time += 1) {
      for (let attempt = 1; attempt < MAX_LOSSES_ELSEWHERE; attempt += 1) plan.afterLoss(loss());
      plan.noteAccepted();
    }
    for (let attempt = 1; attempt < MAX_LOSSES_ELSEWHERE; attempt += 1) plan.afterLoss(loss());
    plan.sendOn({ new_host: "pool-c.example", new_port: 0 });
    plan.afterLoss(loss());
    for (let attempt = 1; attempt < MAX_LOSSES_ELSEWHERE; attempt += 1) plan.afterLoss(loss());
    expect(plan.present.host).toBe("pool-c.example");
    plan.afterLoss(loss());
    expect(plan.present).toEqual(HOME);
  });

  it.each([WRONG_KEY, loss("setup-refused"), loss("extended-channels-required")])(
    "goes back at once where the other host is not its pool: %s",
    (error) => {
      sentOn();
      expect(plan.afterLoss(error)).toBe(2_000);
      expect(plan.present).toEqual(HOME);
      expect(plan.afterLoss(error)).toBeUndefined();
    },
  );

  it("gives up where its own pool refuses it after it was sent back", () => {
    sentOn();
    expect(plan.sendOn({ new_host: "Pool-A.example", new_port: 3334 }).answer).toBe("followed");
    expect(plan.afterLoss(loss())).toBe(2_000);
    expect(plan.present).toEqual(HOME);
    expect(plan.afterLoss(WRONG_KEY)).toBeUndefined();
  });

  it("is asked ever less often by two hosts that send it to each other", () => {
    sentOn();
    const waits = Array.from({ length: 6 }, (_, index) => {
      plan.noteOpened();
      plan.sendOn(index % 2 === 0 ? { new_host: "pool-a.example", new_port: 3334 } : TO_OTHER);
      return plan.afterLoss(loss());
    });
    expect(waits).toEqual([2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
  });

  it("ends by a fault of ours wherever it is", () => {
    sentOn();
    expect(plan.afterLoss(new Error("a bug"))).toBeUndefined();
  });
});
