/** A call to a plan as the head of a run: everything that does not change while it goes on. */
import { type Call, Fault, type PlanEntry, type RunHead } from '../../contract/index.ts';
import { payloadOf } from '../../kernel/index.ts';
import { inputReader } from '../input.ts';

/** Plans that call plans that call plans. */
const DEEPEST = 16;
const MOST_INPUT = 1_048_576;

/** Throws `bad_request` and `loop_detected`, executed no. */
export const headOf = (call: Call, entry: PlanEntry, atMs: number): RunHead => {
  const { principal, lineage, tree } = call;
  if (principal === null) throw new Fault('unauthenticated', 'a plan runs for somebody, and nobody is known here');
  if (lineage.depth >= DEEPEST)
    throw new Fault(
      'loop_detected',
      `plan \`${entry.name}\` is ${lineage.depth} calls below the first one; ${DEEPEST} are the most`,
    );
  const input = inputOf(call, entry);
  const { scopes: _, ...starter } = principal;
  return {
    ...{ id: call.id, tenant: principal.tenant, plan: entry.name, domain: entry.domain },
    ...{ definition: JSON.stringify(entry.spec), digest: entry.digest, principal: starter, lineage },
    ...(tree === undefined ? {} : { tree: described(tree) }),
    ...{ trace: call.trace.trace, session: call.session ?? '', input, taint: tree?.taint ?? [] },
    ...{ startedAtMs: atMs, deadlineAtMs: atMs + entry.spec.deadlineMs },
  };
};

const described = ({ endsAtMs: _, proof: __, ...rest }: NonNullable<Call['tree']>): NonNullable<RunHead['tree']> =>
  rest;

const inputOf = (call: Call, { name, spec }: PlanEntry): string => {
  const { body } = call;
  if (body.kind === 'stream')
    throw new Fault('bad_request', `plan \`${name}\` takes JSON of known length, and this is a stream`);
  if (body.bytes.byteLength > MOST_INPUT)
    throw new Fault(
      'too_large',
      `the input of plan \`${name}\` has ${body.bytes.byteLength} bytes; ${MOST_INPUT} are the most`,
    );
  if (body.bytes.byteLength === 0) return fitting('{}', {}, name, spec);
  const payload = payloadOf(call);
  if ('problem' in payload)
    throw new Fault('bad_request', `the input of plan \`${name}\` ${payload.problem}; send JSON`);
  return fitting(JSON.stringify(payload.data), payload.data, name, spec);
};

const fitting = (text: string, value: unknown, name: string, { input }: PlanEntry['spec']): string => {
  const wrong = input === undefined ? [] : inputReader(input).wrong(value);
  if (wrong.length === 0) return text;
  throw new Fault('bad_request', `the input of plan \`${name}\` does not fit: ${wrong.join('; ')}`, {
    facts: { problems: wrong },
  });
};
