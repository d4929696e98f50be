/** The arguments of one call for the policies that read them, or why it is denied. */
import type { Call, Decision, RecordArgument, Target } from '../../contract/index.ts';
import { payloadOf } from '../../kernel/index.ts';
import type { CedarRecord } from '../value.ts';
import { argumentsFrom, Misfit } from './convert.ts';

/** Null: the context has no `args`. */
export interface Arguments {
  readonly args: CedarRecord | null;
}

type Refused = Pick<Decision, 'code' | 'reason'>;

/**
 * INVARIANT: a context has `args` exactly if the schema says so. An operation without typed arguments has none, as the
 * policies were checked; one with typed arguments that cannot be read is denied, because a rule would find nothing to forbid.
 */
export const argumentsOf = (
  { arguments: type }: { readonly arguments: RecordArgument | null },
  { payload, target }: { readonly payload?: Pick<Call, 'body' | 'contentType'>; readonly target: Target },
): Arguments | Refused => {
  if (type === null) return { args: null };
  if (payload === undefined) return refused(target, 'the payload is not known');
  const parsed = payloadOf(payload);
  if ('problem' in parsed) return refused(target, `the payload ${parsed.problem}`);
  try {
    return { args: argumentsFrom(type, parsed.data) };
  } catch (thrown) {
    if (thrown instanceof Misfit) return refused(target, thrown.message);
    throw thrown;
  }
};

const refused = ({ kind, name, operation }: Target, why: string): Refused => ({
  code: 'BAD_ARGUMENTS',
  reason: `policy reads the arguments of \`${operation}\` of ${kind} \`${name}\`, and they do not fit its schema: ${why}`,
});
