import assert from "node:assert/strict";
import { test } from "node:test";
import { sideTable } from "../../src/host/side_table.ts";

test("objects of the runtime have values that nobody else sees", () => {
  const colours = sideTable<object, string>();
  const sizes = sideTable<object, number>();
  const objects = [
    new Request("http://x/"),
    new Response(null),
    new ReadableStream(),
    Object.freeze({}),
  ];
  for (const object of objects) {
    const before = Reflect.ownKeys(object);
    assert.equal(colours.get(object), undefined);
    colours.set(object, "red");
    sizes.set(object, 1);
    assert.deepEqual([colours.get(object), sizes.get(object)], ["red", 1]);
    colours.set(object, "blue");
    assert.deepEqual([colours.get(object), sizes.get(object)], ["blue", 1]);
    colours.set(object, undefined);
    assert.deepEqual([colours.get(object), sizes.get(object)], [undefined, 1]);
    assert.deepEqual(Reflect.ownKeys(object), before);
  }
  assert.equal(colours.get(new Request(objects[0] as Request)), undefined);
  assert.equal(colours.get((objects[1] as Response).clone()), undefined);
});
