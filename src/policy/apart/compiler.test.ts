/** Compiling in a thread answers what compiling in place answers, mistakes included. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { Fault } from '../../contract/index.ts';
import { type Bundle, compilePolicy } from '../bundle.ts';
import { ApartCompiler } from './compiler.ts';

const WORLD = {
  targets: [{ tenant: 'default', kind: 'agent' as const, name: 'a', domain: '', operations: [{ name: 'run' }] }],
  domains: [],
  users: [],
};
const bundle = (text: string): Bundle => ({ tenant: 'default', level: 'org', policies: { text, source: 'org.cedar' } });
const GOOD = [bundle('@id("all") @reason("r") permit(principal, action, resource);')];
const BAD = [bundle('@id("all") permit(principal == Agent::"b", action, resource);')];

const compiler = new ApartCompiler(0);
after(() => compiler.close());

test('the same policy, whichever way', async () => {
  assert.deepEqual(await compiler.compile(GOOD, WORLD), await compilePolicy(GOOD, WORLD));
});

test('the same mistakes, with the same lines', async () => {
  const faultOf = (work: Promise<unknown>) =>
    work.then(
      () => assert.fail('it was accepted'),
      (thrown: Fault) => [thrown instanceof Fault, thrown.code, thrown.message, thrown.facts],
    );
  assert.deepEqual(await faultOf(compiler.compile(BAD, WORLD)), await faultOf(compilePolicy(BAD, WORLD)));
});

test('texts that come together are each answered for themselves', async () => {
  const answers = await Promise.allSettled([BAD, GOOD, BAD, GOOD].map((each) => compiler.compile(each, WORLD)));
  assert.deepEqual(
    answers.map(({ status }) => status),
    ['rejected', 'fulfilled', 'rejected', 'fulfilled'],
  );
});
