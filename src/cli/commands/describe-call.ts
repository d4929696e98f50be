/** `airspace describe call`: who made it, in whose name and through whom, what became of it, and where to read on. */
import { amountText, type CallEvent } from '../../contract/index.ts';
import type { Context } from '../context.ts';
import { EXIT, usage } from '../failure.ts';
import { pageOf } from '../pages.ts';
import { clean } from '../render/clean.ts';
import { criticalPath } from '../render/critical.ts';
import { duration } from '../render/time.ts';

export const describeCall = async (context: Context, word: string): Promise<number> => {
  const id = word.toLowerCase();
  if (!/^[0-9a-f]{8,32}$/.test(id)) throw usage(`\`${word}\` is no call: 8 to 32 hex digits`, 'airspace get calls');
  const admin = await context.admin();
  const { events } = await admin.get<{ events: readonly CallEvent[] }>(`/v1/traces/${id}`);
  const own = events.filter(({ callId }) => callId.startsWith(id));
  const [call] = own.toSorted((a, b) => a.startedAtMs - b.startedAtMs);
  if (call === undefined)
    throw usage(`\`${id}\` is a trace with ${events.length} calls`, `airspace trace ${id}, and then one of its calls`);
  const facts = factsOf(own, events);
  const ui = pageOf(admin.url, call.callId);
  await context.out.one(
    { call: call.callId, trace: call.trace, facts: Object.fromEntries(facts), events: own, ui },
    () => [...facts, ['ui', ui ?? ''] as const].map(([title, text]) => `${title.padEnd(12)} ${clean(text)}`).join('\n'),
  );
  return EXIT.ok;
};

type Fact = readonly [title: string, text: string];

/** `own`: what each node said about the call; `events`: its whole tree. */
const factsOf = (own: readonly CallEvent[], events: readonly CallEvent[]): readonly Fact[] => {
  const sorted = own.toSorted((a, b) => a.startedAtMs - b.startedAtMs);
  const [first, last] = [sorted[0]!, sorted.at(-1)!];
  const path = criticalPath(own);
  const cost = own.find(({ attributes }) => typeof attributes['cost.micros'] === 'number')?.attributes['cost.micros'];
  const usage = own.find(({ attributes }) => attributes['usage.input_tokens'] !== undefined)?.attributes;
  const rules = [...new Set(own.flatMap(({ attributes }) => [attributes['policy.rule'] ?? []].flat().map(String)))];
  return [
    ['call', `${first.callId}, trace ${first.trace}`],
    ['made by', whoOf(first)],
    ['came through', chainOf(first, events)],
    ['target', targetOf(first)],
    ['on', [...new Set(sorted.map(({ node, role }) => `${node} (${role})`))].join(', ')],
    ['began', new Date(first.startedAtMs).toISOString()],
    ['took', `${duration(path.totalMs)}: ${duration(path.activeMs)} active, ${duration(path.waitingMs)} waiting`],
    ['outcome', outcomeOf(last)],
    ...(rules.length === 0 ? [] : [['rules', rules.join(', ')] as const]),
    ...(cost === undefined ? [] : [['cost', amountText(Number(cost), 'micros')] as const]),
    ...(usage === undefined
      ? []
      : [['tokens', `${usage['usage.input_tokens']} in, ${usage['usage.output_tokens'] ?? 0} out`] as const]),
    ...(first.session === undefined ? [] : [['session', first.session] as const]),
  ];
};

const whoOf = ({ principal, tenant }: CallEvent): string =>
  principal === null
    ? 'nobody: no valid credential came with it'
    : `${principal.kind}/${principal.id} of tenant ${tenant}${principal.domain === undefined ? '' : `, domain ${principal.domain}`}`;

const targetOf = ({ target }: CallEvent): string => `${target.kind}/${target.name}/${target.operation}`;

const outcomeOf = ({ status, code, attributes, httpStatus }: CallEvent): string => {
  const said = attributes['message'];
  return [status, code || (httpStatus === 0 ? '' : `status ${httpStatus}`), said === undefined ? '' : `"${said}"`]
    .filter((part) => part !== '')
    .join('  ');
};

/** From whoever began down to this call. A parent that no node reported ends it. */
const chainOf = (call: CallEvent, events: readonly CallEvent[]): string => {
  const byId = new Map(events.map((event) => [event.callId, event]));
  const above: CallEvent[] = [];
  const seen = new Set([call.callId]);
  for (let at = call.lineage.parent; at !== undefined && !seen.has(at); at = byId.get(at)?.lineage.parent) {
    seen.add(at);
    const found = byId.get(at);
    if (found === undefined) return ['… a call that is not kept here', ...above.map(targetOf)].join(' → ');
    above.unshift(found);
  }
  const [root] = above;
  return root === undefined
    ? 'nobody: it began the tree'
    : [whoOf(root).split(' of tenant')[0]!, ...above.map(targetOf)].join(' → ');
};
