/** Parts of a policy tree as Cedar text, for people: Cedar's own printer writes them, so they read as what the author knows. */
import type { PolicyJson } from '@cedar-policy/cedar-wasm/nodejs';
import { withCedar } from './cedar.ts';
import type { Est, Expr, Scope } from './est.ts';
import { Datetime, Duration } from './extension/time.ts';
import { isLong } from './long.ts';
import { CedarRecord, CedarSet, EntityRef, type Value } from './value.ts';

const ALL: Scope = { op: 'All' };
const NOTHING: Est = { effect: 'permit', principal: ALL, action: ALL, resource: ALL, conditions: [] };

/** `context.depth < 3`; the tree itself when Cedar cannot print it. */
export const exprText = (body: Expr): string => {
  const text = printed({ ...NOTHING, conditions: [{ kind: 'when', body }] });
  const inner = /^permit\(principal, action, resource\) when \{ (.*) \};$/s.exec(text ?? '')?.[1];
  return inner === undefined ? JSON.stringify(body) : unwrapped(inner);
};

export type ScopePart = 'principal' | 'action' | 'resource';
export const SCOPE_PARTS: readonly ScopePart[] = ['principal', 'action', 'resource'];

/** `principal is User in Role::"clerk"`; only the variable when the scope takes everything. */
export const scopeText = (est: Est, part: ScopePart): string => {
  const text = printed({ ...NOTHING, [part]: est[part] })?.replace(/\s+/g, ' ');
  const others = SCOPE_PARTS.map((one) => (one === part ? '(.*)' : one)).join(', ');
  return new RegExp(`^permit\\(${others}\\);$`).exec(text ?? '')?.[1] ?? `${part} ${JSON.stringify(est[part])}`;
};

const printed = (est: Est): string | undefined =>
  withCedar((cedar) => {
    const answer = cedar.policyToText(est as unknown as PolicyJson);
    return answer.type === 'success' ? answer.text : undefined;
  });

/** Without brackets around the whole. */
const unwrapped = (text: string): string => {
  if (!text.startsWith('(') || !text.endsWith(')')) return text;
  let depth = 0;
  for (const [at, sign] of [...text].entries()) {
    if (sign === '"') return text; // brackets inside of texts are not worth a parser
    if (sign === '(') depth += 1;
    if (sign === ')') depth -= 1;
    if (depth === 0 && at < text.length - 1) return text;
  }
  return text.slice(1, -1);
};

const LONGEST = 200;

/** A value in a line: `5`, `"gold"`, `Agent::"refunds"`. Long ones are cut. */
export const valueText = (value: Value): string => {
  const text = wholeText(value);
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
};

const wholeText = (value: Value): string => {
  if (isLong(value) || typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return JSON.stringify(value);
  if (value instanceof EntityRef) return `${value.type}::${JSON.stringify(value.id)}`;
  if (value instanceof CedarSet) return `[${value.items.map(wholeText).join(', ')}]`;
  if (value instanceof CedarRecord)
    return `{${[...value.fields].map(([name, one]) => `${name}: ${wholeText(one)}`).join(', ')}}`;
  if (value instanceof Datetime) return momentText(Number(value.ms));
  if (value instanceof Duration) return `${value.ms} ms`;
  return JSON.stringify(value);
};

const momentText = (ms: number): string =>
  Number.isFinite(ms) && Math.abs(ms) <= 8.64e15 ? new Date(ms).toISOString() : `${ms} ms`;
