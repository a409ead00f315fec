/**
 * The public face: every entry with its exports, and every public interface with its members and their
 * defaults. Run it to write the list that tests/node/freeze.test.ts compares:
 * `node tests/support/public_face.ts > tests/node/public_face.txt`.
 */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** A member of an interface. */
export interface Property {
  readonly name: string;
  readonly optional?: boolean;
  readonly jsDoc?: { readonly tags?: readonly { readonly value?: string }[] };
}

interface Definition {
  readonly properties?: readonly Property[];
  readonly methods?: readonly { readonly name: string }[];
  readonly extends?: readonly { readonly repr: string }[];
}

interface Documented {
  readonly name: string;
  readonly declarations: readonly { readonly kind: string; readonly def: Definition }[];
}

/** What `deno doc` says of each entry, by its path. */
function documentation(): ReadonlyMap<string, readonly Documented[]> {
  const entries = Object.values(
    (JSON.parse(readFileSync("deno.json", "utf8")) as { exports: Record<string, string> }).exports,
  );
  const { stdout } = spawnSync("deno", ["doc", "--json", ...entries], {
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  const { nodes } = JSON.parse(stdout) as {
    nodes: Record<string, { symbols: readonly Documented[] }>;
  };
  return new Map(Object.entries(nodes).map(([url, { symbols }]) => [url, symbols]));
}

/** Every public interface, with the members that it inherits. */
export function publicInterfaces(): Map<string, Property[]> {
  const all = new Map<string, Definition>();
  for (const { name, declarations } of [...documentation().values()].flat()) {
    for (const { kind, def } of declarations) if (kind === "interface") all.set(name, def);
  }
  const members = (name: string): Property[] => {
    const { properties = [], methods = [], extends: parents = [] } = all.get(name) ?? {};
    const own = [...properties, ...methods.map(({ name }) => ({ name: `${name}()` }))];
    return [...own, ...parents.flatMap(({ repr }) => members(repr))];
  };
  return new Map([...all.keys()].map((name) => [name, members(name)]));
}

/** The default of an option, from its `@default` tag, which `deno doc` calls unsupported. */
export function defaultOf({ jsDoc }: Property): string | undefined {
  const tag = jsDoc?.tags?.find(({ value }) => value?.startsWith("@default"))?.value;
  return tag?.slice("@default".length).trim().replaceAll(/\s+/g, " ");
}

/** The whole face, a line for each export and each member. */
export function publicFace(): string {
  const lines: string[] = [];
  for (const [url, symbols] of documentation()) {
    lines.push(`# ${/src\/.*/.exec(url)?.[0]}`);
    const exported = symbols.map(({ name, declarations }) => `${declarations[0]?.kind} ${name}`);
    lines.push(...exported.toSorted());
  }
  lines.push("# interfaces");
  for (const [name, properties] of [...publicInterfaces()].toSorted(([a], [b]) => a < b ? -1 : 1)) {
    for (const property of properties) {
      const value = defaultOf(property);
      lines.push(
        `${name}.${property.name}${property.optional ? "?" : ""}${value ? ` = ${value}` : ""}`,
      );
    }
  }
  return lines.join("\n") + "\n";
}

if (import.meta.main) process.stdout.write(publicFace());
