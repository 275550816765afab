/**
 * Runs once before all tests: gives the run its folder for what is laid down for a while, and installs the real node of the
 * tests (`test/bcoin`, bcoin) where it is absent or not of the committed lock file. That is built beside its place and moved
 * there in one step, so that several test runs in one checkout never see half of it.
 */

import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { cp, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { enterRunFolder } from "./run-folder.ts";

const PACKAGE_FOLDER = join(dirname(fileURLToPath(import.meta.url)), "..", "bcoin");
const PACKAGE_FILES = ["package.json", "package-lock.json", ".npmrc"];
/** Holds the digest of the files that the installed packages came from. */
const STAMP = ".adit-lock-digest";

/** @returns what runs once after all tests. */
export default async function setup(): Promise<() => void> {
  const digest = createHash("sha256");
  for (const name of PACKAGE_FILES) digest.update(await readFile(join(PACKAGE_FOLDER, name)));
  const wanted = digest.digest("hex");
  if ((await installedDigest()) !== wanted) await install(wanted);
  const leave = enterRunFolder(process.env);
  // Ctrl-C ends the run without what comes after the tests.
  process.once("exit", leave);
  return leave;
}

async function installedDigest(): Promise<string | undefined> {
  try {
    return await readFile(join(PACKAGE_FOLDER, "node_modules", STAMP), "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

async function install(digest: string): Promise<void> {
  const workFolder = join(PACKAGE_FOLDER, `.install-${process.pid}`);
  await mkdir(workFolder, { recursive: true });
  try {
    for (const name of PACKAGE_FILES) await cp(join(PACKAGE_FOLDER, name), join(workFolder, name));
    await runNpm(workFolder);
    await writeFile(join(workFolder, "node_modules", STAMP), digest);
    await moveIntoPlace(workFolder, digest);
  } finally {
    await rm(workFolder, { recursive: true, force: true });
  }
}

async function runNpm(folder: string): Promise<void> {
  try {
    // No install scripts: the native parts of bcoin are optional, NODE_BACKEND=js replaces them.
    await promisify(execFile)("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], {
      cwd: folder,
      shell: process.platform === "win32",
    });
  } catch (error) {
    const output = (error as { stderr?: string }).stderr ?? "";
    throw new Error(`bcoin, the tests' Bitcoin node, could not be installed by npm ci: ${output}`, { cause: error });
  }
}

async function moveIntoPlace(workFolder: string, digest: string): Promise<void> {
  // Another run was faster.
  if ((await installedDigest()) === digest) return;
  const place = join(PACKAGE_FOLDER, "node_modules");
  await rename(place, join(workFolder, "replaced")).catch(ignoreCode("ENOENT"));
  try {
    await rename(join(workFolder, "node_modules"), place);
  } catch (error) {
    // Another run came in between: its installation serves as well, if it is of the same lock file.
    if ((await installedDigest()) !== digest) throw error;
  }
}

function ignoreCode(code: string): (error: NodeJS.ErrnoException) => void {
  return (error) => {
    if (error.code !== code) throw error;
  };
}
