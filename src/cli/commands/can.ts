/** `airspace can`: may somebody call something, asked before anybody does. */
import type { CanAnswer, CanQuestion } from '../../doors/admin/index.ts';
import type { Context } from '../context.ts';
import { EXIT, usage } from '../failure.ts';
import { canText } from '../render/can.ts';

export interface CanOptions {
  /** `depth=3`, `args.amount=500`, `session=true`. */
  readonly context?: readonly string[];
}

/** Exit 0 for yes, 1 for no and for maybe: a script may go on only when nothing stands in the way. */
export const can = async (
  context: Context,
  [who = '', action = '', what = '']: readonly string[],
  options: CanOptions,
): Promise<number> => {
  if (action !== 'call')
    throw usage(`there is no action \`${action}\`; the one there is is \`call\``, `airspace can ${who} call ${what}`);
  const question = { principal: principalOf(who), target: targetOf(what), context: contextOf(options.context ?? []) };
  const answer = await (await context.admin()).post<CanAnswer>('/v1/policy:can', question);
  await context.out.one(answer, () => canText(who, what, answer, context.out.paint));
  return answer.answer === 'yes' ? EXIT.ok : EXIT.no;
};

const principalOf = (who: string): CanQuestion['principal'] => {
  const [kind, name = '', ...rest] = who.split('/');
  if ((kind !== 'agent' && kind !== 'user') || name === '' || rest.length > 0)
    throw usage(`\`${who}\` is nobody who calls`, 'agent/<name> or user/<name>');
  return { kind, name };
};

const targetOf = (what: string): CanQuestion['target'] => {
  const [kind, name = '', operation = '', ...rest] = what.split('/');
  if ((kind !== 'agent' && kind !== 'tool' && kind !== 'model') || name === '' || operation === '' || rest.length > 0)
    throw usage(`\`${what}\` is no operation`, 'agent/<name>/<operation>, tool/... or model/...');
  return { kind, name, operation };
};

const PART = /^[A-Za-z_]\w*$/;

const contextOf = (given: readonly string[]): CanQuestion['context'] => {
  const context: Fields = Object.create(null);
  for (const one of given) {
    const at = one.indexOf('=');
    const path = one.slice(0, Math.max(at, 0)).split('.');
    if (at < 0 || !path.every((part) => PART.test(part)))
      throw usage(`\`--context ${one}\` is not <name>=<value>`, '--context depth=3 --context args.amount=500');
    place(context, path, valueIn(one.slice(at + 1)), one);
  }
  return context;
};

interface Fields {
  [name: string]: unknown;
}

const place = (fields: Fields, [first = '', ...rest]: readonly string[], value: unknown, given: string): void => {
  if (rest.length === 0) {
    if (first in fields) throw usage(`\`--context ${given}\` is given twice`);
    fields[first] = value;
    return;
  }
  fields[first] ??= Object.create(null);
  const inner = fields[first];
  if (typeof inner !== 'object' || inner === null)
    throw usage(`\`--context ${given}\`: \`${first}\` already has a value`);
  place(inner as Fields, rest, value, given);
};

/** Whole numbers, true and false are what they look like; everything else, and what stands in quotes, is text. */
const valueIn = (text: string): unknown => {
  if (/^-?\d{1,15}$/.test(text)) return Number(text);
  if (text === 'true' || text === 'false') return text === 'true';
  return text.replace(/^"(.*)"$/s, '$1');
};
