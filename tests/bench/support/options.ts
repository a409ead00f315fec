/** What the suites are asked for, and what they give. */

export interface Options {
  /** Contenders to take, by parts of their names; the reference always runs. */
  readonly only: readonly string[] | undefined;
  /** Rows to take, by parts of their names. */
  readonly rows: readonly string[] | undefined;
  readonly rounds: number;
  readonly seconds: number;
  readonly runtime: string | undefined;
}

export interface Table {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
  /** What has to be known to read it. */
  readonly note: string;
}

/** Prints a table as Markdown, as soon as it is measured. */
export function print(table: Table): Table {
  const line = (cells: readonly (string | number)[]): string => `| ${cells.join(" | ")} |`;
  console.log(`\n### ${table.title}\n\n${line(table.columns)}`);
  console.log(line(table.columns.map((_, i) => i === 0 ? "---" : "---:")));
  for (const row of table.rows) console.log(line(row));
  console.log(`\n${table.note}`);
  return table;
}

export const matches = (name: string, parts: readonly string[] | undefined): boolean =>
  !parts || parts.some((part) => name.includes(part));

export const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) / 2)] ?? NaN;

/** Three significant digits, without an exponent. */
export const digits = (value: number): string =>
  Number.isFinite(value) ? String(Number(value.toPrecision(3))) : "—";

/** By how much the values of a reference differ: the plain statement of noise. */
export function spread(values: readonly number[]): string {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  if (values.length < 2) return `${digits(low)} (one round tells nothing of noise)`;
  return `${digits(low)}–${digits(high)} (${Math.round((high / low - 1) * 100)} %)`;
}
