import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { BcoinNode } from "../support/bcoin-node.ts";
import { until } from "../support/wait.ts";
import { TwoNodeScene } from "./two-node-scene.ts";

let good: BcoinNode;
let other: BcoinNode;
let scene: TwoNodeScene;

beforeAll(async () => {
  good = await BcoinNode.start();
  other = await BcoinNode.start({ peer: good });
});
afterAll(() => Promise.all([good.stop(), other.stop()]));
beforeEach(async () => {
  await other.take(good);
  scene = await TwoNodeScene.create(good, other);
});
afterEach(() => scene.stop());

type Badness = {
  readonly how: string;
  readonly state: string;
  readonly reason: RegExp;
  readonly begin: () => Promise<void> | void;
  /** Where it takes more than to hear of the other node's chain. */
  readonly end?: () => Promise<void> | void;
};

let port = 0;
const release = (): void => scene.bad.releaseAll();

/** No work comes from such a node. */
const WITHOUT_WORK: readonly Badness[] = [
  {
    how: "is down",
    state: "unreachable",
    reason: /cannot be reached/,
    begin: () => {
      port = scene.bad.node.port;
      return scene.bad.node.stop();
    },
    end: () => scene.bad.node.listen(port),
  },
  {
    how: "does not answer",
    state: "unreachable",
    reason: /within 5 s/,
    begin: () => scene.bad.answerAll(() => undefined),
    end: release,
  },
  {
    how: "answers with errors",
    state: "failing",
    reason: /Loading block index/,
    begin: () => scene.bad.answerAll((call) => call.error(-28, "Loading block index…")),
    end: release,
  },
  {
    how: "answers with half of a JSON text",
    state: "failing",
    reason: /not JSON/,
    begin: () => scene.bad.answerAll((call) => call.http(200, '{"result": {"chain": "regt')),
    end: release,
  },
];

/** Nor is any wanted from such a one, though it gives some. */
const WITH_WORK: readonly Badness[] = [
  {
    how: "answers after 8 s",
    state: "unreachable",
    reason: /within 5 s/,
    begin: () => scene.bad.answerAll((call) => void scene.clock.after(8_000, () => void scene.bad.handOn(call))),
    end: release,
  },
  {
    how: "is three blocks behind",
    state: "behind",
    reason: /is behind/,
    begin: async () => void (await good.mine(3)),
  },
  {
    how: "is on another chain with less work",
    state: "other-chain",
    reason: /is on another chain/,
    begin: async () => {
      await good.mine(6);
      await other.mine(4);
    },
  },
];

/** Miners mine on the good node, as if the other one was not there; the log says why that is not used. */
async function expectGoodAlone({ state, reason }: Badness): Promise<void> {
  await scene.passUntil("the miners mine on the good node", () => {
    return scene.followed === scene.goodName && scene.areOn(good.tipHash);
  });
  await scene.passUntil("it is said which node is not used", () => {
    return scene.said("node cannot be used for templates").some((context) => context.state === state);
  });
  const unusable = scene.said("node cannot be used for templates");
  expect(unusable.every(({ node }) => node === scene.badName)).toBe(true);
  expect(unusable.find((context) => context.state === state)?.reason).toMatch(reason);
  for (const miner of scene.miners.keys()) {
    const hash = scene.findBlock(miner);
    // The time of the nodes does not pass: what the other one is asked is never answered, and never given up.
    await until("the block is the good node's tip", () => good.tipHash === hash);
    await scene.allAcknowledged();
    await until("the miners have work on it", () => scene.areOn(hash));
  }
  // bcoin says so too of a block whose parent it does not have.
  const accepted = scene.pool.logger.of("block accepted").filter(({ node }) => node === scene.goodName);
  expect(accepted).toHaveLength(scene.miners.length);
  for (const miner of scene.miners) expect(miner.rejected).toEqual([]);
}

/** Once it is good again, templates come from it and blocks go to it. */
async function expectBadUsed(): Promise<void> {
  await scene.passUntil("it is said that it is good again", () => {
    return scene.said("node can be used for templates again").some(({ node }) => node === scene.badName);
  });
  await scene.passUntil("the templates come from it", () => scene.followed === scene.badName);
  await scene.passUntil("the miners have its work", () => scene.areOn(other.tipHash));
  expect(other.tipHash).toBe(good.tipHash);
  const hash = scene.findBlock(0);
  await until("both nodes have the block", () => good.tipHash === hash && other.tipHash === hash);
  await scene.allAcknowledged();
}

describe.each([...WITHOUT_WORK, ...WITH_WORK])("a pool whose first node $how", (badness) => {
  it("mines on the second one, and on the first again when that is good", async () => {
    await scene.start();
    expect(scene.followed).toBe(scene.badName);
    await badness.begin();
    await expectGoodAlone(badness);
    expect(scene.said("templates from another node")).toEqual([
      { from: scene.badName, to: scene.goodName, reason: expect.any(String) },
    ]);
    await other.take(good);
    await badness.end?.();
    await expectBadUsed();
  });

  it("starts with the second one where it is so from the start", async () => {
    await badness.begin();
    await scene.start();
    await expectGoodAlone(badness);
    expect(scene.said("templates from another node")).toEqual([]);
    await other.take(good);
    await badness.end?.();
    await expectBadUsed();
  });
});

describe.each(WITHOUT_WORK)("a pool whose first node $how, and whose second one is down", ({ begin, end }) => {
  it("mines on what it had, and keeps a block until a node is back", async () => {
    await scene.start();
    await begin();
    await good.stop();
    await scene.passUntil("it is said that there is no work", () => {
      return scene.pool.logger.of("no work to give out").length > 0;
    });
    const hash = scene.findBlock(0);
    await scene.allAcknowledged();
    expect(scene.spooled).toEqual([`${good.height + 1}-${hash}.block`]);
    await good.restart();
    await until("the block is the good node's tip", () => good.tipHash === hash);
    await scene.passUntil("the miners have work on it", () => scene.areOn(hash));
    expect(scene.pool.logger.of("work is available again")).toHaveLength(1);
    scene.findBlock(1);
    await scene.allAcknowledged();
    await until("a further block is the good node's tip", () => good.height === other.height + 2);
    await end?.();
    await other.take(good);
  });
});
