/** Our closures against cedar-wasm on random policies and requests: same outcome for every policy, errors included. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as cedar from '@cedar-policy/cedar-wasm/nodejs';
import fc from 'fast-check';
import { compileEntry } from './compile/index.ts';
import { EntityStore, entity } from './entities.ts';
import { evaluate, slice } from './evaluate.ts';
import { policyText, requestJson } from './generate.ts';
import { CedarRecord, entityFromJson, fieldsFromJson } from './value.ts';

/** Rounds of ten policies and five requests. */
const RUNS = Number(process.env['AIRSPACE_FUZZ'] ?? 40);

type Request = typeof requestJson extends fc.Arbitrary<infer T> ? T : never;

const compile = (texts: readonly string[]) =>
  texts.map((text, index) => {
    const answer = cedar.policyToJson(text);
    assert.equal(answer.type, 'success', text);
    return compileEntry({ id: `policy${index}`, effect: answer.json.effect, annotations: {}, est: answer.json });
  });

const storeOf = (entities: Request['entities']): EntityStore =>
  new EntityStore(
    entities.map(({ uid, parents, attrs, ...rest }) =>
      entity(
        entityFromJson(uid),
        parents.map(entityFromJson),
        fieldsFromJson(attrs),
        fieldsFromJson('tags' in rest ? (rest.tags ?? {}) : {}),
      ),
    ),
  );

const ours = (policies: ReturnType<typeof compile>, request: Request) => {
  const env = {
    principal: entityFromJson(request.principal),
    action: entityFromJson(request.action),
    resource: entityFromJson(request.resource),
    context: new CedarRecord(fieldsFromJson(request.context)),
    entities: storeOf(request.entities),
  };
  const { permits, forbids, failed } = evaluate(slice(policies, env), env);
  return {
    decision: forbids.length === 0 && permits.length > 0 ? 'allow' : 'deny',
    reason: (forbids.length > 0 ? forbids : permits).map(({ entry }) => entry.id).sort(),
    errors: failed.map(({ policy }) => policy.entry.id).sort(),
  };
};

const theirs = (request: Request) => {
  // One name for all rounds: the wasm module keeps every name that it has seen.
  const answer = cedar.statefulIsAuthorized({ ...request, preparsedPolicySetId: 'round' } as never);
  assert.equal(answer.type, 'success');
  const { decision, diagnostics } = answer.response;
  return {
    decision,
    reason: [...diagnostics.reason].sort(),
    errors: diagnostics.errors.map(({ policyId }) => policyId).sort(),
  };
};

test('closures and cedar-wasm agree on every decision, reason and error', (t) => {
  const seen = { evaluations: 0, allowed: 0, errors: 0 };
  fc.assert(
    fc.property(
      fc.array(policyText, { minLength: 10, maxLength: 10 }),
      fc.array(requestJson, { minLength: 5, maxLength: 5 }),
      (texts, requests) => {
        // Some texts are no Cedar (`-` before the smallest number, for one): both sides refuse them alike.
        const valid = texts.filter((text) => cedar.policyToJson(text).type === 'success');
        const policies = compile(valid);
        const staticPolicies = Object.fromEntries(valid.map((text, index) => [`policy${index}`, text]));
        assert.equal(cedar.preparsePolicySet('round', { staticPolicies }).type, 'success');
        for (const request of requests) {
          const outcome = ours(policies, request);
          assert.deepEqual(outcome, theirs(request));
          seen.evaluations += valid.length;
          seen.allowed += outcome.decision === 'allow' ? 1 : 0;
          seen.errors += outcome.errors.length;
        }
      },
    ),
    { numRuns: RUNS },
  );
  t.diagnostic(JSON.stringify(seen));
  assert.ok(seen.allowed > 0 && seen.errors > 0, 'the generator must reach both');
});
