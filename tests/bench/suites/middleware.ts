import type { Options, Table } from "../support/options.ts";
export async function middlewareSuite(_: Options): Promise<readonly Table[]> {
  return [];
}
