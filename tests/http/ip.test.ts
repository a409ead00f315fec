import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { networks, readAddress, writeAddress } from "../../src/http/ip.ts";

// [what is written, as it is written again]
const addresses: readonly (readonly [string, string | undefined])[] = [
  ["127.0.0.1", "127.0.0.1"],
  ["255.255.255.255", "255.255.255.255"],
  ["::", "::"],
  ["::1", "::1"],
  ["2001:DB8::1", "2001:db8::1"],
  ["1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"],
  ["1::8", "1::8"],
  ["1:2:3:4:5:6:7::", "1:2:3:4:5:6:7::"],
  ["64:ff9b::192.0.2.33", "64:ff9b::192.0.2.33"],
  ["::ffff:10.0.0.1", "10.0.0.1"],
  ["::FFFF:a00:1", "10.0.0.1"],
  ["fe80::1%eth0", "fe80::1"],
  ["::ffff:127.0.0.1%lo", "127.0.0.1"],
  ["", undefined],
  ["1.2.3", undefined],
  ["1.2.3.4.5", undefined],
  ["1.2.3.256", undefined],
  ["1.2.3.04", undefined],
  ["0x7f.0.0.1", undefined],
  ["1.2.3.4 ", undefined],
  ["127.1", undefined],
  ["-1.0.0.0", undefined],
  [":", undefined],
  [":::", undefined],
  ["1::2::3", undefined],
  ["1:2:3:4:5:6:7", undefined],
  ["1:2:3:4:5:6:7:8:9", undefined],
  ["1:2:3:4::5:6:7:8", undefined],
  ["12345::", undefined],
  ["g::", undefined],
  [":1", undefined],
  ["1:", undefined],
  ["1.2.3.4::", undefined],
  ["::1.2.3.4:5", undefined],
  ["::1.2.3", undefined],
  ["[::1]", undefined],
  ["::1/64", undefined],
  ["unknown", undefined],
  ["_hidden", undefined],
];
for (const [text, written] of addresses) {
  test(`the address ${JSON.stringify(text)} is ${written}`, () => {
    assert.equal(writeAddress(text), written);
    assert.equal(readAddress(text) !== undefined, written !== undefined);
  });
}

// [network, inside, outside]
const tables: readonly (readonly [string, readonly string[], readonly string[]])[] = [
  ["10.0.0.0/8", ["10.0.0.0", "10.255.255.255", "::ffff:10.1.2.3"], ["11.0.0.0", "::a00:1"]],
  ["10.1.2.3/8", ["10.9.9.9"], ["9.1.2.3"]],
  ["192.168.4.0/22", ["192.168.4.0", "192.168.7.255"], ["192.168.3.255", "192.168.8.0"]],
  ["127.0.0.1", ["127.0.0.1"], ["127.0.0.2", "::1", "evil", ""]],
  ["0.0.0.0/0", ["8.8.8.8", "::ffff:8.8.8.8"], ["::1"]],
  ["::/0", ["::1", "2001:db8::1"], ["8.8.8.8", "::ffff:8.8.8.8"]],
  ["2001:db8::/33", ["2001:db8:7fff::1", "2001:db8::%3"], ["2001:db8:8000::", "2001:db9::"]],
  ["::ffff:10.0.0.0/104", ["10.1.2.3"], ["11.1.2.3"]],
  ["::1", ["::1", "0:0:0:0:0:0:0:1"], ["::2"]],
];
for (const [network, inside, outside] of tables) {
  test(`the network ${network}`, () => {
    const contains = networks("the network", [network]);
    for (const address of inside) assert.ok(contains(address), address);
    for (const address of outside) assert.ok(!contains(address), address);
  });
}

for (
  const member of [
    "",
    "/8",
    "10.0.0.0/33",
    "::/129",
    "10.0.0/8",
    "10.0.0.0/",
    "10.0.0.0/8/8",
    "10.0.0.0/-1",
    "10.0.0.0/8.0",
    "localhost",
    "::ffff:0:0/90",
  ]
) {
  test(`${JSON.stringify(member)} is no network`, () => {
    assert.throws(
      () => networks("proxy: the trusted proxy", [member]),
      (error: Error) =>
        error instanceof TypeError && /^proxy: the trusted proxy ".*write it/.test(error.message),
    );
  });
}

test("an address is in its network of any length, and one with another bit in it is not", () => {
  const bytes = fc.oneof(
    fc.array(fc.integer({ min: 0, max: 255 }), { minLength: 4, maxLength: 4 }),
    fc.array(fc.integer({ min: 0, max: 255 }), { minLength: 16, maxLength: 16 }),
  );
  const write = (bytes: readonly number[]): string =>
    bytes.length === 4 ? bytes.join(".") : Array.from(
      { length: 8 },
      (_, i) => (((bytes[i * 2] ?? 0) << 8) + (bytes[i * 2 + 1] ?? 0)).toString(16),
    ).join(":");
  fc.assert(fc.property(bytes, fc.nat(), fc.nat(), (address, length, flip) => {
    // A mapped address is another family.
    fc.pre(address.length === 4 || (address[0] ?? 0) > 0);
    const most = address.length * 8;
    const bits = length % (most + 1);
    const contains = networks("n", [`${write(address)}/${bits}`]);
    assert.ok(contains(write(address)));
    const at = flip % most;
    const other = address.map((byte, i) => i === at >> 3 ? byte ^ (128 >> (at & 7)) : byte);
    if ((other[0] ?? 0) > 0 || other.length === 4) assert.equal(contains(write(other)), at >= bits);
  }));
});

test("any text is an address or none, and written in its own form is the same", () => {
  const text = fc.array(fc.constantFrom(":", "::", ".", "1", "ffff", "0", "255", "%", "g", "/"), {
    maxLength: 14,
  }).map((parts) => parts.join(""));
  fc.assert(fc.property(text, (text) => {
    const written = writeAddress(text);
    if (written !== undefined) assert.deepEqual(readAddress(written), readAddress(text));
  }));
});
