/** Random plans: every kind of step, in every order that a plan may have. */
import { PlanSpec } from '../../../contract/index.ts';

const FORWARD = ['agent/rail/find', 'agent/rail/book', 'agent/hotel/hold', 'agent/bank/pay'] as const;
const BACK: Readonly<Record<string, string>> = {
  'agent/rail/book': 'agent/rail/free',
  'agent/hotel/hold': 'agent/hotel/drop',
  'agent/bank/pay': 'agent/bank/refund',
};

export interface Shape {
  readonly spec: PlanSpec;
  /** Signals that it waits for. */
  readonly signals: readonly string[];
}

export const shapeOf = (random: () => number): Shape => {
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)]!;
  const many = 1 + Math.floor(random() * 5);
  const signals: string[] = [];
  const steps: unknown[] = [];
  for (let at = 0; at < many; at += 1) {
    const id = `s${at}`;
    const needs = Array.from({ length: at }, (_, n) => `s${n}`).filter(() => random() < 0.4);
    const join = needs.length > 1 && random() < 0.3 ? 'any' : 'all';
    const common = { id, needs, join, optional: random() < 0.15 };
    const kind = random();
    if (kind < 0.1) steps.push({ ...common, wait: { ms: 100 + Math.floor(3_000 * random()) } });
    else if (kind < 0.2) {
      signals.push(`go-${at}`);
      steps.push({ ...common, wait: { signal: `go-${at}` } });
    } else if (kind < 0.27) steps.push({ ...common, approve: { question: { may: id } } });
    else {
      const call = pick(FORWARD);
      const back = BACK[call];
      const attempts = 1 + Math.floor(random() * 3);
      steps.push({
        ...{ ...common, call, attempts, backoffMs: 300, deadlineMs: 1_000 + Math.floor(3_000 * random()) },
        input: { from: needs.length > 0 ? `\${ steps.${needs[0]}.state }` : '${ input.n }' },
        ...(random() < 0.15 ? { when: `input.n > ${Math.floor(random() * 4)}` } : {}),
        ...(random() < 0.2
          ? { forEach: `[1, 2, ${Math.ceil(9 * random())}]`, parallel: 1 + Math.floor(random() * 3) }
          : {}),
        ...(back !== undefined && random() < 0.8
          ? { compensate: { call: back, attempts: 1 + Math.floor(random() * 3), backoffMs: 300, deadlineMs: 3_000 } }
          : {}),
      });
    }
  }
  const onFailure = random() < 0.8 ? 'compensate' : 'stop';
  const parallel = 1 + Math.floor(random() * 4);
  const deadlineMs = random() < 0.15 ? 4_000 + Math.floor(8_000 * random()) : 3_600_000;
  return { spec: PlanSpec.parse({ steps, output: '${ run.id }', onFailure, parallel, deadlineMs }), signals };
};
