/** What the declared arguments of an operation say about unknowns before there is a call: a required field is there, an undeclared one never is. */
import type { ArgumentType, RecordArgument } from '../../contract/index.ts';
import { EvaluationError } from '../evaluation-error.ts';
import type { Reading } from './open.ts';
import type { Example } from './unknowns.ts';

type Presence = 'always' | 'sometimes' | 'never';

/** The only value that the unknown can have; undefined when there are several. */
export const settledBy =
  (declared: RecordArgument | null) =>
  ({ path, asksPresence }: Reading): Example | undefined => {
    const [first, ...rest] = path?.attributes ?? [];
    if (path?.variable !== 'context' || first !== 'args') return undefined;
    const presence = declared === null ? 'never' : presenceIn(declared, rest);
    if (asksPresence === true) return presence === 'sometimes' ? undefined : presence === 'always';
    return presence === 'never'
      ? new EvaluationError(`there is no attribute \`${rest.at(-1) ?? first}\` here`)
      : undefined;
  };

/** A field without a type may be in the payload, but policies never see it. */
const presenceIn = (type: ArgumentType, [name, ...rest]: readonly string[]): Presence => {
  if (name === undefined) return 'always';
  const field = type.is === 'record' ? type.fields.find((one) => one.name === name) : undefined;
  if (field === undefined || field.type === null) return 'never';
  const below = presenceIn(field.type, rest);
  return below === 'always' && !field.required ? 'sometimes' : below;
};
