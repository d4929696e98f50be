/** Label selectors: `tier=gold,zone!=b`, all of them must hold. */
import { usage } from './failure.ts';

export type Selects = (labels: Readonly<Record<string, string>>) => boolean;

/** Throws a usage failure for a part that is neither `k=v` nor `k!=v`. */
export const parseSelector = (text: string | undefined): Selects => {
  const parts = (text ?? '').split(',').filter((part) => part !== '');
  const tests = parts.map((part): Selects => {
    const found = /^([a-z0-9-]+)(!?=)(.*)$/.exec(part);
    if (found === null) throw usage(`selector \`${part}\` is neither \`label=value\` nor \`label!=value\``);
    const [, label, operator, value] = found;
    const holds: Selects = (labels) => Object.hasOwn(labels, label!) && labels[label!] === value;
    return operator === '=' ? holds : (labels) => !holds(labels);
  });
  return (labels) => tests.every((test) => test(labels));
};
