/** Contenders under the same load, taking turns. */
import { createHash } from "node:crypto";
import { request as httpRequest } from "node:http";
import { type Load, load } from "./load.ts";
import { digits, matches, median, type Options, print, spread, type Table } from "./options.ts";
import { cpuTime, forgetPeak, peakMemory, type Running } from "./processes.ts";

/** A request, and the answer that counts. */
export interface Row {
  readonly name: string;
  readonly path: string;
  readonly method?: string;
  readonly fields?: Readonly<Record<string, string>>;
  /** Sends the validator of a first answer back, so that the second is 304. */
  readonly conditional?: boolean;
  readonly upload?: number;
  readonly connections?: number;
  /** How much longer than other rows it takes. */
  readonly patience?: number;
  readonly status: number;
  /** The content, where it matters. */
  readonly content?: Uint8Array | undefined;
  /** A field that the answer must have. */
  readonly field?: readonly [name: string, value: RegExp];
}

interface Answer {
  readonly status: number;
  readonly fields: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly hash: string;
  readonly length: number;
}

const hash = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

/** Asks once, and reads to the end. */
export function ask(
  port: number,
  { path, method = "GET", upload = 0 }: Pick<Row, "path" | "method" | "upload">,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest({ port, host: "127.0.0.1", path, method, headers }, (response) => {
      const digest = createHash("sha256");
      let length = 0;
      response.on("data", (chunk: Buffer) => {
        digest.update(chunk);
        length += chunk.length;
      });
      response.on("error", reject).on("end", () => {
        const { statusCode: status = 0, headers: fields } = response;
        resolve({ status, fields, hash: digest.digest("hex"), length });
      });
    });
    sent.setTimeout(30_000, () => sent.destroy(new Error("no answer")));
    sent.on("error", reject).end(Buffer.alloc(upload, "x"));
  });
}

/** The fields to send, or why this contender does not take part. */
async function qualify({ port }: Running, row: Row): Promise<Record<string, string> | string> {
  const fields: Record<string, string> = { ...row.fields };
  if (row.conditional) {
    const { etag, "last-modified": modified } = (await ask(port, row, fields)).fields;
    if (etag) fields["if-none-match"] = String(etag);
    else if (modified) fields["if-modified-since"] = String(modified);
  }
  const answer = await ask(port, row, fields);
  if (answer.status !== row.status) return `answers ${answer.status}, not ${row.status}`;
  if (row.field && !row.field[1].test(String(answer.fields[row.field[0]] ?? ""))) {
    return `has ${row.field[0]}: ${String(answer.fields[row.field[0]])}`;
  }
  if (row.content && answer.hash !== hash(row.content)) return `sends ${answer.length} other bytes`;
  return fields;
}

/** From which size on the answers that a load breaks off in the end weigh. */
const LARGE = 2 ** 20;

/** How many answers came; of large ones, parts count as parts. */
function amount({ requests, bytes }: Load, { content }: Row): number {
  return content && content.length >= LARGE ? bytes / content.length : requests;
}

/** Why a load does not count: an answer without the status that was asked for, or its bytes. */
function flaw(done: Load, row: Row): string | undefined {
  const { requests, odd, failed, bytes } = done;
  if (failed > 0) return `failed ${failed} times beside ${requests} answers`;
  if (amount(done, row) === 0) return "answered nothing in time";
  if (odd !== (row.status >= 400 ? requests : 0)) return `gave ${odd} answers of another status`;
  const short = bytes < requests * (row.content?.length ?? 0) * 0.95;
  return short ? `sent ${bytes} bytes in ${requests} answers` : undefined;
}

interface Score {
  readonly rate: number[];
  readonly cpu: number[];
  readonly p99: number[];
}

/** How much longer the first warm-up takes: compilers are busy with a server for some seconds. */
const WARM_UP = 4;

/** Measures rows, one table each; the first contender is the reference. */
export async function race(
  title: string,
  rows: readonly Row[],
  running: readonly Running[],
  options: Options,
): Promise<readonly Table[]> {
  const tables: Table[] = [];
  for (const row of rows.filter(({ name }) => matches(name, options.rows))) {
    const warmUp = tables.length === 0 ? WARM_UP : 1;
    tables.push(print(await measure(title, row, running, options, warmUp)));
  }
  return tables;
}

const labelOf = ({ name, runtime }: Running): string => `${name} (${runtime})`;

async function measure(
  title: string,
  row: Row,
  running: readonly Running[],
  options: Options,
  warmUp: number,
): Promise<Table> {
  const taking: { contender: Running; fields: Record<string, string>; score: Score }[] = [];
  const absent: string[] = [];
  const flaws = new Map<Running, string>();
  for (const contender of running) {
    const fields = await qualify(contender, row).catch((error: Error) => error.message);
    if (typeof fields === "string") absent.push(`${labelOf(contender)} ${fields}`);
    else taking.push({ contender, fields, score: { rate: [], cpu: [], p99: [] } });
  }
  const connections = row.connections ?? 32;
  for (const { contender: { pid } } of taking) forgetPeak(pid);
  for (let round = -1; round < options.rounds; round++) { // the first warms up
    for (const { contender, fields, score } of taking) {
      const { port, pid } = contender;
      const { path, method = "GET", upload = 0 } = row;
      const before = cpuTime(pid);
      const seconds = options.seconds * (row.patience ?? 1) * (round < 0 ? warmUp : 1);
      const done = await load({ port, path, method, fields, upload, connections, seconds });
      const cpu = (cpuTime(pid) - before) / amount(done, row);
      if (round < 0) continue;
      // What does not count is no figure, but keeps its place in the round.
      const why = flaw(done, row);
      if (why) flaws.set(contender, why);
      score.rate.push(why ? NaN : amount(done, row) / done.seconds);
      score.cpu.push(why ? NaN : cpu);
      score.p99.push(why ? NaN : done.p99);
    }
  }
  const reference = taking[0]?.score;
  const ratio = (score: Score, of: "rate" | "cpu"): number =>
    median(
      score[of].map((value, i) => value / (reference?.[of][i] ?? NaN)).filter(Number.isFinite),
    );
  const middle = (values: readonly number[]): number => median(values.filter(Number.isFinite));
  return {
    title: `${title}: ${row.name}, ${connections} connections`,
    columns: [
      "contender",
      "CPU µs/request",
      "× reference",
      "requests/s",
      "× reference",
      "p99 ms",
      "peak MiB",
    ],
    rows: taking.map(({ contender: { name, runtime, version, pid }, score }) => [
      `${name} ${version}${name === "nginx" ? "" : ` (${runtime})`}`,
      digits(middle(score.cpu)),
      digits(ratio(score, "cpu")),
      digits(middle(score.rate)),
      digits(ratio(score, "rate")),
      digits(middle(score.p99)),
      peakMemory(pid),
    ]).toSorted((a, b) => (Number(a[1]) || Infinity) - (Number(b[1]) || Infinity)),
    note: [
      `Noise: the reference, ${taking[0]?.contender.name}, took ` +
      `${spread(reference?.cpu.filter(Number.isFinite) ?? [])} µs, and answered ` +
      `${spread(reference?.rate.filter(Number.isFinite) ?? [])} requests/s.`,
      ...absent.map((why) => `Left out: ${why}.`),
      ...[...flaws].map(([contender, why]) => `A round left out: ${labelOf(contender)} ${why}.`),
    ].join("\n"),
  };
}
