import type { Options, Table } from "../support/options.ts";
export async function hostSuite(_: Options): Promise<readonly Table[]> {
  return [];
}
