import type { Options, Table } from "../support/options.ts";
export async function dispatchSuite(_: Options): Promise<readonly Table[]> {
  return [];
}
