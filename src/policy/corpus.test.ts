/** Cedar's own conformance cases against our compiler: same decision, same determining policies, same failing policies. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { Fault } from '../contract/index.ts';
import { compileEntry } from './compile/index.ts';
import { type Entity, EntityStore, entity } from './entities.ts';
import { evaluate, slice } from './evaluate.ts';
import { CedarRecord, entityFromJson, fieldsFromJson } from './value.ts';

const DATA = process.env['AIRSPACE_DATA'] ?? new URL('../../../shared/data', import.meta.url).pathname;
const ARCHIVE = `${DATA}/cedar-corpus/corpus-tests.tar.gz`;
/** Cases to run, spread evenly over the corpus; `all` for every one. */
const SAMPLE = process.env['AIRSPACE_CORPUS'] ?? '400';

const cedar = await import('@cedar-policy/cedar-wasm/nodejs');

interface CorpusEntity {
  readonly uid: unknown;
  readonly attrs?: object;
  readonly tags?: object;
  readonly parents?: readonly unknown[];
}

interface CorpusRequest {
  readonly principal: unknown;
  readonly action: unknown;
  readonly resource: unknown;
  readonly context: object;
  readonly decision: 'allow' | 'deny';
  readonly reason: readonly string[];
  readonly errors: readonly string[];
}

/** Names and contents of the files in a tar archive: 512-byte headers, size in octal at byte 124. */
const untar = (archive: Buffer): Map<string, string> => {
  const files = new Map<string, string>();
  for (let at = 0; at + 512 <= archive.length && archive[at] !== 0; ) {
    const name = archive.toString('utf8', at, at + 100).replace(/\0.*$/s, '');
    const size = Number.parseInt(archive.toString('latin1', at + 124, at + 136), 8);
    files.set(name.replace(/^.*\//, ''), archive.toString('utf8', at + 512, at + 512 + size));
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return files;
};

/** JSON on its way through JavaScript cannot carry integers of 16 digits or more; the parser refuses such policies. */
const HUGE = /(?<![\w.])-?\d{16,}(?![\w.])/;
const withoutStrings = (json: string): string => json.replace(/"(?:[^"\\]|\\.)*"/g, '""');

const policiesOf = (text: string) => {
  const parts = cedar.policySetTextToParts(text);
  assert.equal(parts.type, 'success');
  // Parts come sorted by id, and ids are `policy` and the position, sorted as text.
  const ids = parts.policies.map((_, index) => `policy${index}`).sort();
  return parts.policies.map((part, index) => {
    const answer = cedar.policyToJson(part);
    assert.equal(answer.type, 'success');
    const { effect } = answer.json;
    return compileEntry({ id: ids[index] ?? '', effect, annotations: {}, est: answer.json });
  });
};

const actionsOf = (schema: string): Entity[] => {
  const answer = cedar.schemaToJson(schema);
  assert.equal(answer.type, 'success');
  return Object.entries(answer.json).flatMap(([namespace, { actions }]) => {
    const type = namespace === '' ? 'Action' : `${namespace}::Action`;
    return Object.entries(actions).map(([id, action]) =>
      entity(
        entityFromJson({ type, id }),
        (action.memberOf ?? []).map((group) => entityFromJson({ type: group.type ?? type, id: group.id })),
        fieldsFromJson(action.attributes ?? {}),
      ),
    );
  });
};

const entitiesOf = (json: string): Entity[] =>
  (JSON.parse(json) as CorpusEntity[]).map((each) =>
    entity(
      entityFromJson(each.uid),
      (each.parents ?? []).map(entityFromJson),
      fieldsFromJson(each.attrs ?? {}),
      fieldsFromJson(each.tags ?? {}),
    ),
  );

const idsOf = (policies: readonly { readonly entry: { readonly id: string } }[]): string[] =>
  policies.map(({ entry }) => entry.id).sort();

const skip = existsSync(ARCHIVE) ? false : `Cedar's corpus is not at ${ARCHIVE}; set AIRSPACE_DATA to run it`;

test('the compiler agrees with the cases of the Cedar corpus', { skip }, (t) => {
  const files = untar(gunzipSync(readFileSync(ARCHIVE)));
  const all = [...files.keys()].filter((name) => /^[0-9a-f]+\.json$/.test(name)).sort();
  const step = SAMPLE === 'all' ? 1 : Math.max(1, Math.floor(all.length / Number(SAMPLE)));
  const count = { cases: 0, requests: 0, huge: 0, refused: 0 };
  for (const name of all.filter((_, index) => index % step === 0)) {
    const file = (extension: string): string => files.get(name.replace('.json', extension)) ?? '';
    const [text, entities, plan] = [file('.cedar'), file('.entities.json'), file('.json')];
    if ([text, withoutStrings(entities), withoutStrings(plan)].some((part) => HUGE.test(part))) {
      count.huge += 1;
      continue;
    }
    count.cases += 1;
    const policies = policiesOf(text);
    const store = new EntityStore([...actionsOf(file('.cedarschema')), ...entitiesOf(entities)]);
    for (const request of (JSON.parse(plan) as { requests: CorpusRequest[] }).requests) {
      try {
        check(policies, store, request, name);
        count.requests += 1;
      } catch (thrown) {
        if (!(thrown instanceof Fault)) throw thrown;
        count.refused += 1; // values beyond what we accept from outside
      }
    }
  }
  t.diagnostic(JSON.stringify(count));
  assert.equal(count.refused, 0);
  assert.ok(count.requests > 300);
});

const check = (
  policies: ReturnType<typeof policiesOf>,
  entities: EntityStore,
  request: CorpusRequest,
  name: string,
): void => {
  const env = {
    principal: entityFromJson(request.principal),
    action: entityFromJson(request.action),
    resource: entityFromJson(request.resource),
    context: new CedarRecord(fieldsFromJson(request.context)),
    entities,
  };
  const { permits, forbids, failed } = evaluate(slice(policies, env), env);
  const decision = forbids.length === 0 && permits.length > 0 ? 'allow' : 'deny';
  assert.deepEqual(
    [decision, idsOf(forbids.length > 0 ? forbids : permits), idsOf(failed.map(({ policy }) => policy))],
    [request.decision, [...request.reason].sort(), [...request.errors].sort()],
    name,
  );
};
