/** Whom a step calls, as people write it, and what the configuration in force says of it. */
import { type OperationEntry, RUN, type Target, type TargetKind } from '../contract/index.ts';

export type Callee =
  | { readonly kind: 'target'; readonly target: Target }
  | { readonly kind: 'capability'; readonly name: string; readonly range: string };

/** What is known of an operation that a step may call. */
export interface Called {
  readonly target: Target;
  readonly operation: OperationEntry;
  /** Domain and the labels of the target that begin with `data-`, as what comes from it is marked. */
  readonly marks: readonly string[];
  /** The most that one call takes, where the configuration says so. */
  readonly timeoutMs: number | null;
  /** It is another plan: its call waits, and works on nothing meanwhile. */
  readonly isPlan: boolean;
  /** JSON Schema of what it answers. Absent: nobody knows. */
  readonly output?: unknown;
}

/** What a configuration knows. A text says why there is no such operation. */
export type Lookup = (callee: Callee) => Called | string;

/** INVARIANT: the schema of steps has looked at the form. */
export const calleeOf = (text: string): Callee => {
  const [kind = '', ...rest] = text.split('/');
  if (kind === 'capability') {
    const [name = '', range = ''] = rest.join('/').split('@');
    return { kind: 'capability', name, range };
  }
  const [name = '', operation = RUN] = rest;
  return { kind: 'target', target: { kind: kind === 'plan' ? 'agent' : (kind as TargetKind), name, operation } };
};

export const targetText = ({ kind, name, operation }: Target): string => `${kind}/${name}/${operation}`;

/** `agent/orders/*`, `agent/orders/cancel`, `plan/refund`, `capability/query_database`: whole parts, and nothing between them. */
export const isAllowed = (callee: string, allow: readonly string[]): boolean =>
  allow.some((pattern) => {
    const name = callee.startsWith('capability/') ? callee.split('@')[0]! : callee;
    if (pattern === callee || pattern === name) return true;
    return pattern.endsWith('/*') && name.startsWith(pattern.slice(0, -1)) && name.length > pattern.length - 1;
  });
