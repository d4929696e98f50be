/** Random policies and requests, ill-typed and failing ones included: the subject against cedar-wasm, answer by answer. */
import assert from 'node:assert/strict';
import * as cedar from '@cedar-policy/cedar-wasm/nodejs';
import fc from 'fast-check';
import { EntityStore, entity } from '../../src/policy/entities.ts';
import type { Est } from '../../src/policy/est.ts';
import { policyOf, policyText, requestJson } from '../../src/policy/generate.ts';
import { CedarRecord, entityFromJson, fieldsFromJson } from '../../src/policy/value.ts';
import type { Answer, Subject } from './subject.ts';
import { Tallying } from './tally.ts';
import { typedCondition } from './typed.ts';

/** Policies, and requests, of one round: each request is asked of all policies of its round. */
export const ROUND = 10;

type Request = typeof requestJson extends fc.Arbitrary<infer T> ? T : never;

/** The typed half reaches what operators compute; the other half reaches how they fail. */
const policies = fc.oneof(policyText, policyOf(typedCondition));

const rounds = fc.record({
  texts: fc.array(policies, { minLength: ROUND, maxLength: ROUND }),
  requests: fc.array(requestJson, { minLength: ROUND, maxLength: ROUND }),
});

/** Ends with the round in which a difference was found; the same seed finds it again. */
export const fuzz = (
  subject: Subject,
  { seed, count }: { readonly seed: number; readonly count: number },
): Tallying => {
  const tally = new Tallying();
  for (let at = 0; at < count && tally.differences.length === 0; at += 1)
    for (const round of fc.sample(rounds, { seed: seed + at, numRuns: 1 })) check(subject, round, seed + at, tally);
  return tally;
};

const check = (
  subject: Subject,
  { texts, requests }: { readonly texts: readonly string[]; readonly requests: readonly Request[] },
  seed: number,
  tally: Tallying,
): void => {
  const trees = texts.flatMap((text) => treeOf(text, tally));
  const policies = trees.map(({ est }, index) => subject.compile(`policy${index}`, est));
  const staticPolicies = Object.fromEntries(trees.map(({ text }, index) => [`policy${index}`, text]));
  // One name for all rounds: the wasm module keeps every name that it has seen.
  assert.equal(cedar.preparsePolicySet('round', { staticPolicies }).type, 'success');
  tally.count('policies', trees.length);
  for (const request of requests) {
    const expected = ask(request);
    tally.count('evaluations', trees.length);
    tally.count(expected.decision === 'allow' ? 'allowed' : 'denied');
    tally.count('failed policies', expected.errors.length);
    const ours = subject.ask(policies, envOf(request));
    const same = tally.compare(
      ours,
      expected,
      () => `--seed ${seed}: ${JSON.stringify({ policies: staticPolicies, request })}`,
    );
    if (!same) return;
  }
};

/** Some texts are no Cedar (`-` before the smallest number, for one): nobody can be asked about them. */
const treeOf = (text: string, tally: Tallying): { readonly text: string; readonly est: Est }[] => {
  const answer = cedar.policyToJson(text);
  if (answer.type === 'success') return [{ text, est: answer.json as Est }];
  tally.count('texts that are no cedar');
  return [];
};

const ask = (request: Request): Answer => {
  const answer = cedar.statefulIsAuthorized({ ...request, preparsedPolicySetId: 'round' } as never);
  assert.equal(answer.type, 'success');
  const { decision, diagnostics } = answer.response;
  const errors = diagnostics.errors.map(({ policyId }) => policyId).sort();
  return { decision, reason: [...diagnostics.reason].sort(), errors };
};

const envOf = ({ principal, action, resource, context, entities }: Request) => ({
  principal: entityFromJson(principal),
  action: entityFromJson(action),
  resource: entityFromJson(resource),
  context: new CedarRecord(fieldsFromJson(context)),
  entities: new EntityStore(
    entities.map(({ uid, parents, attrs, ...rest }) =>
      entity(
        entityFromJson(uid),
        parents.map(entityFromJson),
        fieldsFromJson(attrs),
        fieldsFromJson('tags' in rest ? (rest.tags ?? {}) : {}),
      ),
    ),
  ),
});
