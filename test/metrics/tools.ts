/** The tools of Prometheus, where they are installed. */
import { spawnSync } from 'node:child_process';

/** Why there can be no such program here, or undefined when there is one. With CI=true that is a failure, and not a reason to skip. */
export const missing = (program: 'promtool' | 'prometheus'): string | undefined => {
  if (spawnSync(program, ['--version']).status === 0) return undefined;
  const reason = `${program} is not installed here (package prometheus)`;
  if (process.env['CI'] === 'true') throw new Error(`${reason}, and CI=true wants everything checked`);
  return reason;
};

export const skippable = (program: 'promtool' | 'prometheus'): { readonly skip?: string } => {
  const reason = missing(program);
  return reason === undefined ? {} : { skip: reason };
};
