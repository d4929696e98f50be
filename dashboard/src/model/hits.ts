/** How often rules decide: each call counted once for a rule that had the say in it, however many nodes decided it. */
import type { CallEvent } from '../../../src/contract/index.ts';
import { listOf } from './facts.ts';

export interface Hits {
  /** By level: calls in which a rule of it had the say. */
  readonly levels: ReadonlyMap<string, number>;
  /** By `level/id`. */
  readonly rules: ReadonlyMap<string, number>;
  /** Minutes that were looked at: less than asked for when that is all that is known. Null: too little to say how often. */
  readonly minutes: number | null;
}

interface Window {
  readonly nowMs: number;
  readonly windowMs: number;
  /** Unix ms from which all calls are known. */
  readonly fromMs: number;
}

/** What was seen for a shorter time says nothing about a minute. */
const LEAST_MS = 15_000;
const MINUTE_MS = 60_000;

export const hitsOf = (events: readonly CallEvent[], { nowMs, windowMs, fromMs }: Window): Hits => {
  const spanMs = Math.min(windowMs, nowMs - fromMs);
  const calls = new Map<string, Set<string>>();
  for (const { callId, startedAtMs, durationMs, steps } of events) {
    if (startedAtMs + durationMs < nowMs - spanMs) continue;
    const named = calls.get(callId) ?? new Set();
    for (const { name, attributes } of steps)
      if (name === 'decide') for (const rule of listOf(attributes['rules'])) named.add(rule);
    calls.set(callId, named);
  }
  const levels = new Map<string, number>();
  const rules = new Map<string, number>();
  for (const named of calls.values()) {
    for (const rule of named) add(rules, rule);
    for (const level of new Set([...named].map(levelOf))) add(levels, level);
  }
  return { levels, rules, minutes: spanMs < LEAST_MS ? null : spanMs / MINUTE_MS };
};

const levelOf = (rule: string): string => rule.split('/', 1)[0]!;

const add = (counts: Map<string, number>, key: string): void => void counts.set(key, (counts.get(key) ?? 0) + 1);
