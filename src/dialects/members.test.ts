import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { memberIn, membersIn, withMembers } from './members.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

test('the members of an object are those that a parser finds', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.constantFrom(0, 1, 2), (value, indent) => {
      const text = bytes(JSON.stringify(value, null, indent));
      const members = membersIn(text)!;
      const parsed = JSON.parse(JSON.stringify(value)) as Record<string, unknown>;
      assert.deepEqual([...members.keys()], Object.keys(parsed));
      for (const name of members.keys()) assert.deepEqual(memberIn(text, members, name), parsed[name]);
    }),
  );
});

test('a member is replaced or added, and everything else keeps its bytes', () => {
  const text = '{ "a": 12345678901234567890, "model" : "x\\"y", "m": {"model":"inner"} }';
  const members = membersIn(bytes(text))!;
  const changed = withMembers(bytes(text), members, { model: 'gpt', stream_options: { include_usage: true } });
  assert.equal(
    Buffer.from(changed).toString(),
    '{"stream_options":{"include_usage":true}, "a": 12345678901234567890, "model" : "gpt", "m": {"model":"inner"} }',
  );
  const same = bytes(text);
  assert.equal(withMembers(same, members, { model: 'x"y' }), same);
  assert.equal(Buffer.from(withMembers(bytes('{}'), membersIn(bytes('{}'))!, { a: 1 })).toString(), '{"a":1}');
});

test('what is no object has no members', () => {
  for (const text of ['', '[]', '"a"', '1', '{', '{"a"', '{"a":', '{"a":1', '{"a":1 "b":2}', '{a:1}'])
    assert.equal(membersIn(bytes(text)), undefined, text);
});
