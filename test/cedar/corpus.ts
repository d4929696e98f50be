/** Cedar's own conformance cases: read from the published archive, each asked of the subject. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import * as cedar from '@cedar-policy/cedar-wasm/nodejs';
import { type Entity, EntityStore, entity } from '../../src/policy/entities.ts';
import type { Est } from '../../src/policy/est.ts';
import { CedarRecord, entityFromJson, fieldsFromJson } from '../../src/policy/value.ts';
import type { Subject } from './subject.ts';
import { Tallying } from './tally.ts';

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

/** Which cases: every `stride`th, beginning at `from`. */
export interface Share {
  readonly from: number;
  readonly stride: number;
}

/** Undefined when there is no corpus in the folder. */
export const archiveIn = (folder: string): string | undefined => {
  const file = join(folder, 'corpus-tests.tar.gz');
  return existsSync(file) ? file : undefined;
};

export const checkCorpus = (archive: string, subject: Subject, { from, stride }: Share): Tallying => {
  const tally = new Tallying();
  const files = untar(gunzipSync(readFileSync(archive)));
  const names = [...files.keys()].filter((name) => /^[0-9a-f]+\.json$/.test(name)).sort();
  for (let at = from; at < names.length; at += stride) checkCase(files, names[at]!, subject, tally);
  return tally;
};

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

/**
 * JSON on its way through JavaScript cannot carry integers of 16 digits or more. The product refuses such policies and values
 * at its border, so these cases cannot be asked, and are counted apart.
 */
const HUGE = /(?<![\w.])-?\d{16,}(?![\w.])/;
const withoutStrings = (json: string): string => json.replace(/"(?:[^"\\]|\\.)*"/g, '""');

const checkCase = (files: ReadonlyMap<string, string>, name: string, subject: Subject, tally: Tallying): void => {
  const file = (extension: string): string => files.get(name.replace('.json', extension)) ?? '';
  const [text, entities, plan] = [file('.cedar'), file('.entities.json'), file('.json')];
  const huge = [text, withoutStrings(entities), withoutStrings(plan)].some((part) => HUGE.test(part));
  tally.count(huge ? 'cases set apart for integers of 16 digits or more' : 'cases');
  if (huge) return;
  const policies = treesOf(text).map(({ id, est }) => subject.compile(id, est));
  const store = new EntityStore([...actionsOf(file('.cedarschema')), ...entitiesOf(entities)]);
  for (const request of (JSON.parse(plan) as { requests: readonly CorpusRequest[] }).requests) {
    const { decision, reason, errors } = request;
    const expected = { decision, reason: [...reason].sort(), errors: [...errors].sort() };
    tally.compare(subject.ask(policies, envOf(request, store)), expected, () => name);
  }
};

const treesOf = (text: string): { readonly id: string; readonly est: Est }[] => {
  const parts = cedar.policySetTextToParts(text);
  assert.equal(parts.type, 'success');
  // Parts come sorted by id, and ids are `policy` and the position, sorted as text.
  const ids = parts.policies.map((_, index) => `policy${index}`).sort();
  return parts.policies.map((part, index) => {
    const answer = cedar.policyToJson(part);
    assert.equal(answer.type, 'success');
    return { id: ids[index] ?? '', est: answer.json as Est };
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

const envOf = ({ principal, action, resource, context }: CorpusRequest, entities: EntityStore) => ({
  principal: entityFromJson(principal),
  action: entityFromJson(action),
  resource: entityFromJson(resource),
  context: new CedarRecord(fieldsFromJson(context)),
  entities,
});
