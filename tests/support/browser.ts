/** Chromium, where it is installed (`apt-get install chromium`). */
import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

const executablePath = process.env["CHROMIUM"] ?? "/usr/bin/chromium";

/** Why tests in a browser are skipped, if they are; CI has a browser, and skips nothing. */
export const skip: string | false = process.env["CI"] !== undefined || existsSync(executablePath)
  ? false
  : `there is no ${executablePath}`;

/** Starts the browser, unless there is none. */
export async function launch(...args: readonly string[]): Promise<Browser | undefined> {
  return skip
    ? undefined
    : await chromium.launch({ executablePath, args: ["--no-sandbox", ...args] });
}
