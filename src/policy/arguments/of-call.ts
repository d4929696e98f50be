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
    return { args: argumentsFrom(type, payload.data) };
  } catch (thrown) {
    if (thrown instanceof Misfit) return refused(target, thrown.message);
    throw thrown;
  }
};

const refused = ({ kind, name, operation }: Target, why: string): Refused => ({
  code: 'BAD_ARGUMENTS',
  reason: `policy reads the arguments of \`${operation}\` of ${kind} \`${name}\`, and they do not fit its schema: ${why}`,
});
