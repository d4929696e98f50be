/** What people approve, as one number: who asks, who is behind, of whom as it was configured, in which session, with which bytes. */
import { createHash } from 'node:crypto';
import { type Call, Fault, type RoutePlan, RUN } from '../contract/index.ts';
import { isJson, payloadDigest } from '../kernel/index.ts';
import { canonicalJson, NotCanonical } from './canonical.ts';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/**
 * The target as configuration has it now: endpoints, versions and effects are part of what was looked at; of a plan its definition.
 * A question of a run is about the definition that the run began with: one that is applied since changes nothing about it.
 */
export const resourceOf = ({ target, operation }: Pick<RoutePlan, 'target' | 'operation'>): string => {
  const isQuestion = target.speech?.protocol === 'plan' && operation.name !== RUN;
  const about = isQuestion ? [target.tenant, target.kind, target.name, operation] : [target, operation];
  return sha256(canonicalJson(Buffer.from(JSON.stringify(about))));
};

/** Members of a JSON payload may come in any order; all other bytes are what they are. Throws `denied` with the code `CANNOT_HOLD`. */
const payloadText = ({ body, contentType }: Pick<Call, 'body' | 'contentType'>): string => {
  if (body.kind === 'stream') throw cannotHold('is a stream; send it with its length');
  if (!isJson(contentType)) return `sha256:${payloadDigest(body)}`;
  try {
    return canonicalJson(body.bytes);
  } catch (thrown) {
    if (thrown instanceof NotCanonical) throw cannotHold(thrown.message);
    throw thrown;
  }
};

const cannotHold = (problem: string): Fault =>
  new Fault('denied', `this call needs an approval, and its payload ${problem}; nobody could tell what they approve`, {
    facts: { code: 'CANNOT_HOLD' },
  });

/** `behind` is what was found out when the call came: later nobody can look. */
export const digestOf = (
  call: Pick<Call, 'principal' | 'target' | 'contentType' | 'body' | 'session'>,
  plan: Pick<RoutePlan, 'target' | 'operation'>,
  behind: readonly string[],
): string => {
  const { principal, target } = call;
  if (principal === null) throw new Fault('unauthenticated', 'a call that waits for people needs a principal');
  const { kind, name, operation } = target;
  return sha256(
    JSON.stringify([
      'airspace approval 1',
      [principal.tenant, principal.kind, principal.id],
      [...behind].sort(),
      [kind, name, operation],
      resourceOf(plan),
      call.session ?? '',
      call.contentType,
      payloadText(call),
    ]),
  );
};
