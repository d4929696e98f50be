/** Why a call went as it did: every decision about it, in order, on every node that it passed, and what was not sent. */
import { type Attributes, amountText, type CallEvent, type StepEvent } from '../../contract/index.ts';
import type { CallExplanation } from '../../doors/admin/index.ts';
import { clausesText } from './clauses.ts';
import { clean } from './clean.ts';
import { type Paint, styleOf } from './paint.ts';
import { duration } from './time.ts';
import { callsIn, treeOf } from './tree.ts';

/** `events` of one trace, or of one call of it; `explained` by span, for those who may see clauses. */
export const why = (
  events: readonly CallEvent[],
  paint: Paint,
  explained: ReadonlyMap<string, CallExplanation> = new Map(),
): string =>
  callsIn(treeOf(events))
    .map(({ event }) => paragraph(event, paint, explained.get(event.span)))
    .join('\n\n');

const targetOf = ({ target }: CallEvent): string => clean(`${target.kind}/${target.name}/${target.operation}`);

const paragraph = (event: CallEvent, paint: Paint, explained: CallExplanation | undefined): string => {
  const facts = [
    identify(event),
    ...standing(event),
    ...event.steps.toSorted(inOrder).flatMap(factOf),
    ...wayOf(event),
    outcome(event, paint),
  ];
  const width = Math.max(...facts.map(([name]) => name.length));
  const indent = ' '.repeat(width + 7);
  const below = (name: string): string[] =>
    name === 'decide' && explained !== undefined ? clausesText(explained).map((text) => `${indent}${text}`) : [];
  const where = clean(`on ${event.node} (${event.role}, snapshot ${event.snapshotSeq})`);
  return [
    `call ${clean(event.callId).slice(0, 8)}  ${targetOf(event)}  ${paint(styleOf(event.status), event.status)}  ${duration(event.durationMs)}  ${where}`,
    ...facts.flatMap(([name, text], at) => [
      `${String(at + 1).padStart(3)}  ${name.padEnd(width)}  ${text}`,
      ...below(name),
    ]),
    `     ${sentenceOf(event)}`,
  ].join('\n');
};

/** As things became known: an endpoint was picked, it answered, so the attempt ended. */
const inOrder = (a: StepEvent, b: StepEvent): number =>
  a.offsetMs + a.durationMs - (b.offsetMs + b.durationMs) || a.durationMs - b.durationMs;

type Fact = readonly [name: string, text: string];

const identify = ({ principal, tenant }: CallEvent): Fact => {
  if (principal === null) return ['identify', 'nobody: no valid credential came with the call'];
  const domain = principal.domain === undefined ? '' : `, domain ${principal.domain}`;
  return ['identify', clean(`${principal.kind}/${principal.id} of tenant ${tenant}${domain}`)];
};

/** Of a node that follows a hub: how old what it judged by was, and how old it might have been. */
const standing = ({ attributes }: CallEvent): readonly Fact[] => {
  const { 'stale.class': name, 'stale.bound_of': of, 'stale.bound_ms': bound } = attributes;
  if (name === undefined) return [];
  const [snapshot, kills] = ['stale.snapshot_age_ms', 'stale.kills_age_ms'].map((age) => ageText(attributes[age]));
  const text = `class ${name}: configuration confirmed ${snapshot}, orders to stop ${kills}; goes on without the hub for ${duration(Number(bound))} (${of})`;
  return [['standing', clean(text)]];
};

const ageText = (age: Attributes[string]): string => (Number(age) < 0 ? 'never' : `${duration(Number(age))} ago`);

const factOf = (step: StepEvent): readonly Fact[] => {
  const tell = Object.hasOwn(TELLERS, step.name) ? TELLERS[step.name]! : otherwise;
  return [[clean(step.name), clean(tell(step.attributes, step))]];
};

const listOf = (value: Attributes[string]): readonly string[] =>
  Array.isArray(value) ? value : value === undefined || value === '' ? [] : [String(value)];

const TELLERS: Readonly<Record<string, (facts: Attributes, step: StepEvent) => string>> = {
  decide: ({ effect, code, rules, missing, errors, policyVersion, release, arm, shadow }) =>
    [
      effect,
      code === 'OK' ? '' : code,
      listOf(rules).length === 0 ? '' : `by ${listOf(rules).join(', ')}`,
      listOf(missing).length === 0 ? '' : `no permit at ${listOf(missing).join(', ')}`,
      listOf(errors).length === 0 ? '' : `errors in ${listOf(errors).join(', ')}`,
      `policy ${policyVersion}`,
      arm === 'canary' ? `as a canary of release ${release}` : '',
      shadow === undefined ? '' : `in the shadow of release ${release}: ${shadow}`,
    ]
      .filter((part) => part !== '')
      .join('  '),
  delegation: ({ origin, effect, code, rules, missing }) =>
    [
      origin === '' ? 'nobody can tell who began' : `for ${origin}, who began: ${effect}`,
      code === 'OK' ? '' : code,
      listOf(rules).length === 0 ? '' : `by ${listOf(rules).join(', ')}`,
      listOf(missing).length === 0 ? '' : `no permit at ${listOf(missing).join(', ')}`,
    ]
      .filter((part) => part !== '')
      .join('  '),
  fact: ({ fact, target, call, outcome: how }) =>
    how === 'cached'
      ? `${fact}: answered before`
      : `${fact}: asked ${target}  ${how}  call ${String(call ?? '').slice(0, 8)}`,
  route: ({ picked, eligible, candidates, panic, refused }) =>
    picked === undefined
      ? `no endpoint of ${candidates} is eligible: ${listOf(refused).join('; ') || 'there is none'}`
      : `picked ${picked}, ${eligible} of ${candidates} eligible${panic === true ? ', all used because too few are well (H3)' : ''}`,
  attempt: ({ attempt, endpoint, outcome, code, status }, { durationMs }) =>
    `${attempt}: ${[outcome, code, status, endpoint === '' ? '' : `at ${endpoint}`].filter((part) => part !== undefined && part !== '').join(' ')} after ${duration(durationMs)}`,
  send: ({ endpoint, status, code, executed }) =>
    [
      `to ${endpoint}`,
      status === undefined ? 'no reply' : `answered ${status}`,
      code,
      executed === undefined ? '' : `executed: ${executed}`,
    ]
      .filter((part) => part !== undefined && part !== '')
      .join('  '),
  price: ({ budgets, micros, tokens, calls }) =>
    `${amountText(Number(micros), 'micros')}, ${tokens} tokens, ${calls} calls at most, charged to ${listOf(budgets).join(', ')}`,
  failover: ({ from, to, because, chosen }) => `${from} could not take it (${because}), so ${to} is asked: ${chosen}`,
  pause: ({ budget }, { durationMs }) => `waited ${duration(durationMs)} for room in budget ${budget}`,
  halt: ({ order, by, stops, cut }) =>
    `${cut === true ? 'cut' : 'refused'} by order ${order} of ${by}, which stops ${stops}`,
  hold: ({ outcome: how, grant }) =>
    how === 'granted'
      ? grant === 'told'
        ? 'another node says that people approved it, and it holds'
        : 'people approved exactly this'
      : 'waits for people, or was answered before',
  record: ({ replayed, detached }) =>
    replayed === true
      ? 'an earlier call with this idempotency key was found; nothing ran again'
      : `intent written before anything was sent${detached === true ? ', runs on without its caller' : ''}`,
};

/** Steps of layers that came later than this file. */
const otherwise = (facts: Attributes): string =>
  Object.entries(facts)
    .filter(([, value]) => value !== undefined && value !== '')
    .map(([name, value]) => `${name}=${Array.isArray(value) ? value.join(',') : value}`)
    .join('  ');

/** The way that its route gave it, and what became of that. */
const wayOf = ({ attributes }: CallEvent): readonly Fact[] => {
  const { route, via, 'route.mesh_percent': percent, 'via.instead': instead } = attributes;
  if (route === undefined || via === undefined) return [];
  const share = percent === undefined ? '' : `, which sends ${percent} % of the call trees directly`;
  const why = instead === undefined ? '' : `; it was to go directly: ${instead}`;
  return [['way', clean(`${via === 'mesh' ? 'directly' : 'through the hub'}, by route ${route}${share}${why}`)]];
};

const outcome = (event: CallEvent, paint: Paint): Fact => {
  const message = event.attributes['message'];
  const code =
    event.code === '' ? (event.httpStatus === 0 ? '' : `  status ${event.httpStatus}`) : `  ${clean(event.code)}`;
  return [
    'outcome',
    `${paint(styleOf(event.status), event.status)}${code}${costOf(event)}${message === undefined ? '' : `  "${clean(String(message))}"`}`,
  ];
};

const costOf = ({ attributes }: CallEvent): string => {
  const { 'cost.micros': micros, 'usage.input_tokens': input, 'usage.output_tokens': output } = attributes;
  const flags = listOf(attributes['usage.flags']);
  return [
    ...(micros === undefined ? [] : [`  cost ${amountText(Number(micros), 'micros')}`]),
    ...(input === undefined ? [] : [`  ${input} tokens in, ${output} out`]),
    ...(flags.length === 0 ? [] : [clean(` (${flags.join(', ')})`)]),
  ].join('');
};

/** The one thing that somebody on call must know: did it happen? */
const sentenceOf = (event: CallEvent): string => {
  const target = targetOf(event);
  const sent = event.steps.some((step) => step.name === 'send' || step.name === 'attempt');
  const isHeld = event.steps.some(({ name, attributes }) => name === 'hold' && attributes['outcome'] === 'reply');
  if (isHeld) return `nothing was sent to ${target} by this call: people are asked about it`;
  if (!sent && event.status !== 'ok') return `nothing was sent to ${target}`;
  const { executed } = event.attributes;
  if (executed === 'no') return `${target} did not run it`;
  if (executed === 'unknown') return `${target} may have run it; ask there before you repeat it`;
  return event.status === 'failed' ? `${target} ran it and answered with an error` : `${target} ran it`;
};
