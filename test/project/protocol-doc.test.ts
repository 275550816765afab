import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { SENT_BY_CLIENTS, SENT_BY_SERVERS } from "../../src/wire/all-messages.ts";
import { DEFINITIONS } from "../wire/arbitrary-messages.ts";

const ROOT = join(import.meta.dirname, "../..");
const page = readFileSync(join(ROOT, "docs/protocol.md"), "utf8");

/** Chapter 8 of the specification, but for 0x1e, which is reserved. */
const CHAPTER_8 = `
00 SetupConnection 01 SetupConnection.Success 02 SetupConnection.Error 03 ChannelEndpointChanged 04 Reconnect
10 OpenStandardMiningChannel 11 OpenStandardMiningChannel.Success 12 OpenMiningChannel.Error
13 OpenExtendedMiningChannel 14 OpenExtendedMiningChannel.Success 15 NewMiningJob 16 UpdateChannel
17 UpdateChannel.Error 18 CloseChannel 19 SetExtranoncePrefix 1a SubmitSharesStandard 1b SubmitSharesExtended
1c SubmitShares.Success 1d SubmitShares.Error 1f NewExtendedMiningJob 20 SetNewPrevHash 21 SetTarget
22 SetCustomMiningJob 23 SetCustomMiningJob.Success 24 SetCustomMiningJob.Error 25 SetGroupChannel
50 AllocateMiningJobToken 51 AllocateMiningJobToken.Success 55 ProvideMissingTransactions
56 ProvideMissingTransactions.Success 57 DeclareMiningJob 58 DeclareMiningJob.Success 59 DeclareMiningJob.Error
60 PushSolution 70 CoinbaseOutputConstraints 71 NewTemplate 72 SetNewPrevHash 73 RequestTransactionData
74 RequestTransactionData.Success 75 RequestTransactionData.Error 76 SubmitSolution`;

/** The text between a heading of second rank and the next one. */
function section(title: string): string {
  return page.split(/^## /m).find((text) => text.startsWith(`${title}\n`)) ?? "";
}

type Row = { readonly name: string; readonly number: string; readonly cells: readonly string[] };

function rowsOf(text: string): Row[] {
  return [...text.matchAll(/^\| 0x([0-9a-f]{2}) \| `?([\w.]+)`? \|(.*)\|$/gm)].map(
    ([, number = "", name = "", rest]) => ({
      number,
      name,
      cells: (rest ?? "").split("|").map((cell) => cell.trim()),
    }),
  );
}

/** Files that a row links to. */
function linksOf(cells: readonly string[]): string[] {
  return cells.flatMap((cell) =>
    [...cell.matchAll(/\]\(\.\.\/((?:src|test)\/[\w./-]+)\)/g)].map(([, path]) => path ?? ""),
  );
}

const core = rowsOf(section("Messages of all protocols, and of mining"));
const unspoken = rowsOf(section("Not spoken yet"));
const extension = rowsOf(section("Extensions"));
const spoken = [...core.map((row) => ({ ...row, type: 0 })), ...extension.map((row) => ({ ...row, type: 1 }))];

describe("docs/protocol.md", () => {
  it("has every message of the specification's chapter 8", () => {
    const wanted = [...CHAPTER_8.matchAll(/([0-9a-f]{2}) ([A-Z][\w.]+)/g)].map(
      ([, number, name]) => `${number} ${name}`,
    );
    expect(wanted).toHaveLength(41);
    expect([...core, ...unspoken].map(({ number, name }) => `${number} ${name}`)).toEqual(wanted);
  });

  it("has as spoken what the source defines, with its number, and nothing else", () => {
    const documented = spoken.map(({ type, number, name }) => `${type} ${Number.parseInt(number, 16)} ${name}`);
    const defined = DEFINITIONS.map(({ extensionType, msgType, name }) => `${extensionType} ${msgType} ${name}`);
    expect(documented.sort()).toEqual(defined.sort());
  });

  it.each(spoken)("says of $name who sends it, as the source has it", ({ name, type, cells }) => {
    const sends = (list: readonly { readonly name: string; readonly extensionType: number }[]): boolean =>
      list.some((definition) => definition.name === name && definition.extensionType === type);
    const both = !sends(SENT_BY_CLIENTS) && !sends(SENT_BY_SERVERS);
    expect(cells[0]).toBe(both ? "C ↔ S" : sends(SENT_BY_CLIENTS) ? "C → S" : "S → C");
  });

  it.each(spoken)("names a source and a test of $name that speak of it", ({ name, cells }) => {
    expect(cells[1]).not.toBe("");
    const links = linksOf(cells);
    expect(links.map((path) => path.split("/")[0])).toEqual(["src", "test"]);
    // In the source as an identifier, in a test also by its name on the wire.
    const spelled = new RegExp(`\\b(?:${name.replace(".", "")}|${name.replace(".", "\\.")})\\b`);
    for (const path of links) expect(readFileSync(join(ROOT, path), "utf8"), path).toMatch(spelled);
  });

  it.each(unspoken)(
    "says of $name that it is not offered, with the source and the test of the refusal",
    ({ cells }) => {
      expect(cells[0]).toMatch(/^(?:C → S|S → C)$/);
      expect(cells[1]).toMatch(/^(?:job declaration|template distribution)/);
      expect(cells[2]).toMatch(/^not offered: .*`unsupported-protocol`$/);
      const links = linksOf(cells);
      expect(links.map((path) => path.split("/")[0])).toEqual(["src", "test"]);
      for (const path of links)
        expect(readFileSync(join(ROOT, path), "utf8"), path).toContain('"unsupported-protocol"');
    },
  );

  it("links to files that are there", () => {
    const paths = linksOf([page]);
    expect(paths.length).toBeGreaterThan(60);
    for (const path of paths) expect(existsSync(join(ROOT, path)), path).toBe(true);
  });
});
