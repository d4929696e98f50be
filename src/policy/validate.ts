/** Strict validation by Cedar: each policy against its own part of the schema, and again only when one of the two has changed. */
import { createHash } from 'node:crypto';
import type { ValidationError } from '@cedar-policy/cedar-wasm/nodejs';
import { type Catalog, type CatalogOperation, type Shard, shardOf } from './catalog.ts';
import { type Cedar, messageOf } from './cedar.ts';
import type { CompiledPolicy } from './compile/index.ts';

export interface Checked {
  readonly text: string;
  readonly compiled: CompiledPolicy;
}

/** Something wrong with one policy. */
export interface Finding {
  /** Offsets in UTF-8 in the text of the policy. */
  readonly byte: number;
  readonly end: number;
  readonly message: string;
}

/** Texts remembered; beyond that the memo starts again, so that it cannot grow without end. */
const MAX_VERDICTS = 20_000;

/** What Cedar said about which text under which schema. */
export class Verdicts {
  readonly #known = new Map<string, readonly Finding[]>();

  get(key: string): readonly Finding[] | undefined {
    return this.#known.get(key);
  }

  set(key: string, findings: readonly Finding[]): void {
    if (this.#known.size >= MAX_VERDICTS) this.#known.clear();
    this.#known.set(key, findings);
  }
}

/**
 * Findings of each policy, in the order given.
 * Cost grows with policies times actions, and reading a schema is the dearest part: so shards are small, and policies of
 * the same shard are checked together.
 */
export const validate = (
  cedar: Cedar,
  policies: readonly Checked[],
  catalog: Catalog,
  verdicts: Verdicts,
): readonly (readonly Finding[])[] => {
  const asked = policies.map(({ text, compiled }): Question => {
    const shard = shardOf(catalog, compiled);
    return {
      text,
      shard,
      key: createHash('sha256')
        .update(JSON.stringify([shard.schema.hash, text]))
        .digest('base64'),
    };
  });
  // Collected before anything is remembered: the memo may start again, and a forgotten verdict must not count as none.
  const found = new Map(asked.map(({ key }) => [key, verdicts.get(key)]));
  const open = asked.filter(({ key }) => found.get(key) === undefined);
  for (const group of Map.groupBy(open, ({ shard }) => shard.schema.hash).values())
    for (const [key, findings] of ask(cedar, group)) {
      found.set(key, findings);
      verdicts.set(key, findings);
    }
  return asked.map(({ key, shard }) => (found.get(key) ?? []).map((finding) => explained(finding, shard)));
};

interface Question {
  readonly text: string;
  readonly shard: Shard;
  /** Of text and schema. */
  readonly key: string;
}

/** Warnings count as errors: a policy that can never match, or a name in mixed scripts, is never what its author meant. */
const ask = (cedar: Cedar, group: readonly Question[]): readonly (readonly [key: string, readonly Finding[]])[] => {
  const staticPolicies = Object.fromEntries(group.map(({ text }, index) => [`policy${index}`, text]));
  const answer = cedar.validate({ schema: group[0]?.shard.schema.text ?? '', policies: { staticPolicies } });
  if (answer.type === 'failure') {
    const findings = answer.errors.map((error) => ({ byte: 0, end: 0, message: messageOf(error) }));
    return group.map(({ key }) => [key, findings]);
  }
  const errors = Map.groupBy(answer.validationErrors, ({ policyId }) => policyId);
  const warnings = Map.groupBy(answer.validationWarnings, ({ policyId }) => policyId);
  // A policy with an error is often impossible too, because of it: one message is enough.
  return group.map(({ key }, index) => [
    key,
    findingsIn(errors.get(`policy${index}`) ?? warnings.get(`policy${index}`) ?? []),
  ]);
};

/** The same place is often wrong in the same way for many actions: one stands for all. */
const findingsIn = (errors: readonly ValidationError[]): readonly Finding[] =>
  [...Map.groupBy(errors, placeAndKind).values()].map(([first, ...rest]) => {
    const message = first === undefined ? '' : messageOf(first.error).replace(`for policy \`${first.policyId}\`, `, '');
    const others = new Set(rest.map(({ error }) => error.message)).size;
    const end = first?.error.sourceLocations?.[0]?.end ?? byteOf(first);
    return {
      byte: byteOf(first),
      end,
      message: others === 0 ? message : `${message} (and the same for ${others} more)`,
    };
  });

const byteOf = (error: ValidationError | undefined): number => error?.error.sourceLocations?.[0]?.start ?? 0;

/** Sentences that differ in names only are of one kind. */
const placeAndKind = (each: ValidationError): string =>
  `${byteOf(each)} ${each.error.message.replace(/`[^`]*`|Action::"[^"]*"/g, '')}`;

const MISSING =
  /^(attribute `args(?:\.([^`]*))?` in context for Action::"([^"]*)" not found).*?( \(and the same for \d+ more\))?$/s;

/** A fact that exists, of an operation that it is not declared for: unknown names are told before Cedar is asked. */
const UNSERVED = /^(attribute `facts(?:\.([^`.]*))?` in context for Action::"([^"]*)" not found)/s;

const unserved = (message: string): string | undefined => {
  const [, sentence, fact, action] = UNSERVED.exec(message) ?? [];
  if (sentence === undefined) return undefined;
  const which = fact === undefined ? 'no fact serves' : `the fact \`${fact}\` does not serve`;
  return `${sentence}: ${which} \`${action}\`; add the operation to \`spec.for\` of the fact, or let the scope of the policy leave it out`;
};

/** Cedar knows that an argument is not there; why it is not is known from the operation's schema. */
const explained = (finding: Finding, { operations }: Shard): Finding => {
  const message = unserved(finding.message);
  if (message !== undefined) return { ...finding, message };
  const [, sentence, path, action, others = ''] = MISSING.exec(finding.message) ?? [];
  if (sentence === undefined) return finding;
  const operation = operations.find(({ id }) => id === action);
  const why = operation === undefined ? 'no operation in its scope exists yet' : whyMissing(operation, path);
  if (why === undefined && others === '') return finding; // most likely misspelt, and Cedar says how
  return { ...finding, message: `${sentence}${others}${why === undefined ? '' : `: ${why}`}; ${ADVICE}` };
};

const ADVICE =
  'let the scope of the policy name the operations that have it, or ask `context has args && context.args has ...` first';

const whyMissing = (
  { id, declared: { type, untyped } }: CatalogOperation,
  path: string | undefined,
): string | undefined => {
  if (type === null) return `\`${id}\` has no typed arguments: ${untyped.join(', ')}`;
  // The first part of the path is enough: below something untyped nothing has a type.
  return untyped.find((reason) => path !== undefined && reason.startsWith(`\`${path.split('.')[0]}`));
};
