/** The arguments of one call for the policies that read them, or why it is denied. */
import type { Decision, RecordArgument, Target } from '../../contract/index.ts';
import type { Payload } from '../../kernel/index.ts';
import type { CedarRecord } from '../value.ts';
import { argumentsFrom, Misfit } from './convert.ts';

/** Null: the context has no `args`. */
export interface Arguments {
  readonly args: CedarRecord | null;
}

const UNKNOWN: Payload = { problem: 'is not known' };

type Refused = Pick<Decision, 'code' | 'reason'>;

/**
 * INVARIANT: a context has `args` exactly if the schema says so. An operation without typed arguments has none, as the
 * policies were checked; one with typed arguments that cannot be read is denied, because a rule would find nothing to forbid.
 */
export const argumentsOf = (
  { arguments: type }: { readonly arguments: RecordArgument | null },
  target: Target,
  payloadOf: () => Payload | undefined,
): Arguments | Refused => {
  if (type === null) return { args: null };
  const payload = payloadOf() ?? UNKNOWN;
  if ('problem' in payload) return refused(target, `the payload ${payload.problem}`);
  try {
    return { args: argumentsFrom(type, target.kind === 'model' ? withBothNames(type, payload.data) : payload.data) };
  } catch (thrown) {
    if (thrown instanceof Misfit) return refused(target, thrown.message);
    throw thrown;
  }
};

/** Two names of one cap: whoever says the one must not pass by rules about the other. */
const CAPS = ['max_tokens', 'max_completion_tokens'] as const;

/** The cap of an answer under each name that the schema knows. */
const withBothNames = ({ fields: known }: RecordArgument, data: unknown): unknown => {
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return data;
  const declared = CAPS.filter((name) => known.some((field) => field.name === name));
  const said = CAPS.filter((name) => Object.hasOwn(data, name));
  if (said.length === 0 || declared.length === 0) return data;
  const fields = data as Readonly<Record<string, unknown>>;
  const { [CAPS[0]]: _, [CAPS[1]]: __, ...rest } = fields;
  const caps = said.map((name) => fields[name]);
  // Both are there, and nobody knows which of them counts.
  if (caps.length > 1 && declared.length > 1) return data;
  const numbers = caps.filter((one) => typeof one === 'number');
  const cap = numbers.length === caps.length ? Math.max(...numbers) : caps.find((one) => typeof one !== 'number');
  return { ...rest, ...Object.fromEntries(declared.map((name) => [name, cap])) };
};

const refused = ({ kind, name, operation }: Target, why: string): Refused => ({
  code: 'BAD_ARGUMENTS',
  reason: `policy reads the arguments of \`${operation}\` of ${kind} \`${name}\`, and they do not fit its schema: ${why}`,
});
