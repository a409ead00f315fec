import type { Options, Table } from "../support/options.ts";
export async function growthSuite(_: Options): Promise<readonly Table[]> {
  return [];
}
