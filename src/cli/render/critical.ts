/**
 * What the end of a trace waited for, piece by piece: shorten anything else, and it takes as long as before. Each piece is work of
 * somebody, or waiting: for people, for room in a budget, for a place, for another try.
 */
import type { CallEvent, StepEvent } from '../../contract/index.ts';
import { clean } from './clean.ts';
import type { Paint } from './paint.ts';
import { table } from './table.ts';
import { duration } from './time.ts';
import { type CallNode, type StepNode, type TreeNode, treeOf } from './tree.ts';

export interface Piece {
  /** Unix ms. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly isWaiting: boolean;
  /** Who works, or what is waited for. */
  readonly what: string;
  /** Of the call that it belongs to. */
  readonly callId: string;
}

export interface CriticalPath {
  readonly totalMs: number;
  readonly activeMs: number;
  readonly waitingMs: number;
  /** In the order of time; they cover the whole of it once. */
  readonly pieces: readonly Piece[];
}

/** Work and waits of one kind behind each other are one piece. What agents say of themselves is no part of it: their clocks are their own. */
export const criticalPath = (events: readonly CallEvent[]): CriticalPath => {
  const roots = [...direct(treeOf(events)).map(callSpan), ...waitsIn(events)];
  const found: Piece[] = [];
  const note = (span: Span | undefined, fromMs: number, toMs: number): void => {
    if (toMs <= fromMs) return;
    found.push(span === undefined ? { fromMs, toMs, ...NOBODY } : { fromMs, toMs, ...span.own(toMs) });
  };
  const open: { readonly span: Span | undefined; readonly fromMs: number; readonly toMs: number }[] = [];
  const walk = (span: Span | undefined, below: readonly Span[], fromMs: number, toMs: number): void => {
    let atMs = toMs;
    for (const child of below.toSorted((a, b) => b.toMs - a.toMs)) {
      const endMs = Math.min(child.toMs, atMs);
      if (child.fromMs >= endMs || endMs <= fromMs) continue;
      note(span, endMs, atMs);
      open.push({ span: child, fromMs: Math.max(fromMs, child.fromMs), toMs: endMs });
      atMs = Math.max(fromMs, child.fromMs);
    }
    note(span, fromMs, atMs);
  };
  if (roots.length > 0) walk(undefined, roots, least(roots), most(roots));
  for (let next = open.pop(); next !== undefined; next = open.pop())
    walk(next.span, next.span?.below ?? [], next.fromMs, next.toMs);
  return summed(found.toSorted((a, b) => a.fromMs - b.fromMs));
};

const NOBODY = { isWaiting: true, what: 'nothing that a node saw', callId: '' } as const;

const least = (spans: readonly Span[]): number => spans.reduce((min, { fromMs }) => Math.min(min, fromMs), Infinity);
const most = (spans: readonly Span[]): number => spans.reduce((max, { toMs }) => Math.max(max, toMs), -Infinity);

interface Span {
  readonly fromMs: number;
  readonly toMs: number;
  readonly below: readonly Span[];
  /** What a piece that ends then and is in none of those below is. */
  own(toMs: number): Pick<Piece, 'isWaiting' | 'what' | 'callId'>;
}

const callSpan = (node: CallNode): Span => {
  const { event } = node;
  const tries = event.steps.filter(({ name }) => name === 'attempt').map((step) => event.startedAtMs + step.offsetMs);
  const [firstTryMs, lastTryMs] = [Math.min(Infinity, ...tries), Math.max(0, ...tries)];
  return {
    fromMs: event.startedAtMs,
    toMs: event.startedAtMs + event.durationMs,
    below: [...node.steps.map((step) => stepSpan(step, event)), ...direct(node.below).map(callSpan)],
    own: (toMs) =>
      toMs <= lastTryMs
        ? {
            isWaiting: true,
            what: `${toMs <= firstTryMs ? 'a place' : 'another try'} for ${targetOf(event)}`,
            callId: event.callId,
          }
        : { isWaiting: false, what: `airspace on ${clean(event.node)}`, callId: event.callId },
  };
};

/** Calls under spans of agents count as calls of the call above. */
const direct = (nodes: readonly TreeNode[]): readonly CallNode[] =>
  nodes.flatMap((node) => ('said' in node ? direct(node.below) : [node]));

const stepSpan = (node: StepNode, event: CallEvent): Span => {
  const { step } = node;
  const fromMs = event.startedAtMs + step.offsetMs;
  return {
    ...{ fromMs, toMs: fromMs + step.durationMs },
    below: [...node.steps.map((inner) => stepSpan(inner, event)), ...direct(node.below).map(callSpan)],
    own: () => ({ ...meaningOf(step, event), callId: event.callId }),
  };
};

const meaningOf = ({ name, attributes }: StepEvent, event: CallEvent): Pick<Piece, 'isWaiting' | 'what'> => {
  if (name === 'pause') return { isWaiting: true, what: `room in budget ${clean(String(attributes['budget'] ?? ''))}` };
  if (name === 'hold') return { isWaiting: true, what: `people, about ${targetOf(event)}` };
  if (name === 'send' || name === 'attempt') return { isWaiting: false, what: targetOf(event) };
  return { isWaiting: false, what: `airspace on ${clean(event.node)}` };
};

const targetOf = ({ target }: CallEvent): string => clean(`${target.kind}/${target.name}/${target.operation}`);

const waitsIn = (events: readonly CallEvent[]): readonly Span[] =>
  heldWaits(events).map(({ held, ...interval }) => {
    const own = { isWaiting: true, what: `people, about ${targetOf(held)}`, callId: held.callId };
    return { ...interval, below: [], own: () => own };
  });

/** It came back with no more than that people are asked. What they let go may answer 202 as well. */
export const isHeld = ({ httpStatus, steps }: Pick<CallEvent, 'httpStatus' | 'steps'>): boolean =>
  httpStatus === 202 && steps.some(({ name, attributes }) => name === 'hold' && attributes['outcome'] !== 'granted');

export interface HeldWait {
  readonly held: CallEvent;
  readonly fromMs: number;
  readonly toMs: number;
}

/** Between the record of a call that was held and the one of the same call that went on. No length: nobody has said yes yet. */
export const heldWaits = (events: readonly CallEvent[]): readonly HeldWait[] =>
  [...Map.groupBy(events, ({ callId }) => callId).values()].flatMap((calls) => {
    const sorted = calls.toSorted((a, b) => a.startedAtMs - b.startedAtMs);
    const held = sorted.find(isHeld);
    if (held === undefined) return [];
    const fromMs = held.startedAtMs + held.durationMs;
    return [{ held, fromMs, toMs: sorted.find(({ startedAtMs }) => startedAtMs > fromMs)?.startedAtMs ?? fromMs }];
  });

const summed = (found: readonly Piece[]): CriticalPath => {
  const pieces: Piece[] = [];
  for (const piece of found) {
    const last = pieces.at(-1);
    const isSame = last !== undefined && last.what === piece.what && last.isWaiting === piece.isWaiting;
    if (isSame) pieces[pieces.length - 1] = { ...last, toMs: piece.toMs };
    else pieces.push(piece);
  }
  const sum = (all: readonly Piece[]): number => all.reduce((ms, { fromMs, toMs }) => ms + toMs - fromMs, 0);
  const waitingMs = sum(pieces.filter(({ isWaiting }) => isWaiting));
  const totalMs = sum(pieces);
  return { totalMs, waitingMs, activeMs: totalMs - waitingMs, pieces };
};

/** Shorter ones than this share of the whole are counted, not listed. */
const LEAST_SHARE = 0.005;

export const criticalText = (
  { totalMs, activeMs, waitingMs, pieces }: CriticalPath,
  { width, paint }: { readonly width: number | null; readonly paint: Paint },
): string => {
  const fromMs = pieces[0]?.fromMs ?? 0;
  const shown = pieces.filter((piece) => piece.toMs - piece.fromMs >= LEAST_SHARE * totalMs);
  const left = pieces.length - shown.length;
  return [
    `critical path  ${duration(totalMs)}: ${duration(activeMs)} active, ${duration(waitingMs)} waiting`,
    table(
      shown,
      [
        { title: 'AT', value: (piece) => duration(piece.fromMs - fromMs), align: 'right' },
        { title: 'TIME', value: (piece) => duration(piece.toMs - piece.fromMs), align: 'right' },
        {
          title: 'SHARE',
          value: (piece) => `${Math.round((100 * (piece.toMs - piece.fromMs)) / totalMs)}%`,
          align: 'right',
        },
        {
          title: 'STATE',
          value: ({ isWaiting }) => (isWaiting ? 'waiting' : 'active'),
          style: ({ isWaiting }) => (isWaiting ? 'yellow' : undefined),
        },
        { title: 'FOR OR BY', value: ({ what }) => what },
        { title: 'CALL', value: ({ callId }) => callId.slice(0, 8) || '-' },
      ],
      { width, paint },
    ),
    ...(left === 0 ? [] : [`and ${left} shorter ${left === 1 ? 'piece' : 'pieces'}`]),
  ].join('\n');
};
