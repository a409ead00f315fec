import type { Options, Table } from "../support/options.ts";
export async function proxySuite(_: Options): Promise<readonly Table[]> {
  return [];
}
