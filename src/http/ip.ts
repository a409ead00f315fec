/**
 * IP addresses and networks.
 *
 * @module
 */

/** Four bytes or sixteen. An IPv4-mapped IPv6 address has four: it is the IPv4 address. */
type Bytes = readonly number[];

/** Four decimal numbers up to 255. A leading zero is octal to some and decimal to others. */
const OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])";
const V4 = new RegExp(`^${OCTET}(?:\\.${OCTET}){3}$`);
/** RFC 4291 §2.5.5.2 */
const MAPPED = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255];

/**
 * The bytes of an address, or `undefined` if the text is not one: IPv4 as four decimal numbers,
 * IPv6 as in RFC 4291 §2.2, with or without a zone.
 */
export function readAddress(text: string): Bytes | undefined {
  if (!text.includes(":")) return readV4(text);
  const bytes = readV6(text.replace(/%.*$/, ""));
  return bytes && MAPPED.every((byte, i) => bytes[i] === byte) ? bytes.slice(12) : bytes;
}

/** An address as headers spell it, or `undefined` if the text is not an address. */
export function writeAddress(text: string): string | undefined {
  if (V4.test(text)) return text;
  const bytes = readAddress(text);
  if (bytes?.length !== 16) return bytes?.join(".");
  return text.replace(/%.*$/, "").toLowerCase();
}

/**
 * Compiles a list of addresses and of networks such as `10.0.0.0/8` or `2001:db8::/32` (RFC 4632
 * §3.1) into a test for an address.
 *
 * @throws {TypeError} Naming the option and the member that is neither.
 */
export function networks(option: string, list: readonly string[]): (address: string) => boolean {
  const all = list.map((member) => readNetwork(option, member));
  if (all.length === 0) return () => false;
  return (address) => {
    const bytes = readAddress(address);
    return bytes !== undefined && all.some((network) => contains(network, bytes));
  };
}

interface Network {
  readonly bytes: Bytes;
  readonly bits: number;
}

function readNetwork(option: string, member: string): Network {
  const [, address = "", length] = /^([^/]*)(?:\/([0-9]{1,3}))?$/.exec(member) ?? [];
  const bytes = readAddress(address);
  const most = (bytes?.length ?? 0) * 8;
  // The length of a mapped network counts the bits of the mapping.
  const mapping = most === 32 && address.includes(":") ? 96 : 0;
  const bits = length === undefined ? most : Number(length) - mapping;
  if (!bytes || bits < 0 || bits > most) {
    throw new TypeError(
      `${option} ${JSON.stringify(member)} is neither an address nor a network; ` +
        'write it as "127.0.0.1", "10.0.0.0/8" or "2001:db8::/32"',
    );
  }
  return { bytes, bits };
}

function contains({ bytes, bits }: Network, address: Bytes): boolean {
  return bytes.length === address.length && bytes.every((byte, i) => {
    const free = 8 - Math.min(Math.max(bits - i * 8, 0), 8);
    return byte >> free === (address[i] ?? 0) >> free;
  });
}

function readV4(text: string): Bytes | undefined {
  return V4.test(text) ? text.split(".").map(Number) : undefined;
}

function readV6(text: string): Bytes | undefined {
  const halves = text.split("::").map(readGroups);
  const [head, tail] = halves;
  if (!head || halves.length > 2) return undefined;
  if (halves.length === 1) return head.length === 16 ? head : undefined;
  // "::" replaces at least one group of zeros.
  if (!tail || head.length + tail.length > 14) return undefined;
  return [...head, ...Array<number>(16 - head.length - tail.length).fill(0), ...tail];
}

function readGroups(text: string, half: number, halves: readonly string[]): Bytes | undefined {
  if (text === "") return halves.length > 1 ? [] : undefined;
  const bytes: number[] = [];
  const groups = text.split(":");
  for (const [i, group] of groups.entries()) {
    const last = i === groups.length - 1 && half === halves.length - 1;
    const v4 = last && group.includes(".") && readV4(group);
    if (v4) bytes.push(...v4);
    else if (/^[0-9A-Fa-f]{1,4}$/.test(group)) {
      const value = Number.parseInt(group, 16);
      bytes.push(value >> 8, value & 255);
    } else return undefined;
  }
  return bytes;
}
