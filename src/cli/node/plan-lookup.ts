/** Whom a step of a plan calls, by the configuration in force. */
import { Fault, type Principal, type Target, type TargetEntry } from '../../contract/index.ts';
import type { Called, Callee, Lookup } from '../../plans/index.ts';
import type { LivePipeline } from './live.ts';

/** A capability is chosen for whoever started the run. */
export const lookupIn = (
  live: Pick<LivePipeline, 'fleet' | 'choose'>,
  principal: Principal,
  wallMs: number,
): Lookup => {
  const { tenant } = principal;
  const operationOf = (wanted: Target): Called | string => {
    const { kind, name, operation } = wanted;
    const target = live.fleet.target(tenant, kind, name);
    if (target === undefined) return `there is no ${kind} \`${name}\``;
    const found = target.operations.find((one) => one.name === operation);
    if (found === undefined)
      return `${kind} \`${name}\` has no operation \`${operation}\`; it has ${target.operations.map((one) => `\`${one.name}\``).join(', ')}`;
    return {
      target: wanted,
      operation: found,
      marks: marksOf(target),
      timeoutMs: target.timeoutMs,
      isPlan: target.speech?.protocol === 'plan',
    };
  };
  return (callee: Callee): Called | string => {
    if (callee.kind === 'target') return operationOf(callee.target);
    try {
      const asked = { name: callee.name, range: callee.range === '' ? null : callee.range };
      return operationOf(live.choose(principal, asked, wallMs).target);
    } catch (thrown) {
      return Fault.from(thrown).message;
    }
  };
};

/** What is known of everything that comes from a target. */
const marksOf = ({ kind, name, domain, labels }: TargetEntry): readonly string[] => [
  `${kind}/${name}`,
  ...(domain === '' ? [] : [`domain/${domain}`]),
  ...Object.entries(labels).flatMap(([label, value]) =>
    label.startsWith('data-') ? [value === '' ? label : `${label}=${value}`] : [],
  ),
];
