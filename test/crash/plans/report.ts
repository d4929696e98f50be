/** What a storm prints at its end. */
import type { Storm } from './storm.ts';

const SHOWN = 30;

export const stormLines = (name: string, { kills, runs, executions, givenUp, settled, findings }: Storm): string => {
  const states = [...Map.groupBy(runs, ({ state }) => state)].map(([state, some]) => `${some.length} ${state}`);
  const killed = [...kills].map(([victim, times]) => `${times} ${victim}`);
  return [
    `${findings.length === 0 ? 'ok    ' : 'FAILED'} ${name}: ${runs.length} runs (${states.join(', ')}), ${executions} executions, ${settled} outcomes unknown at first, ${givenUp.length} given up`,
    `       killed: ${killed.join(', ')}`,
    ...givenUp.slice(0, 5).map(({ order, message }) => `       given up: ${order}: ${message}`),
    ...findings.slice(0, SHOWN).map(({ what, text }) => `       ${what}: ${text}`),
    ...(findings.length > SHOWN ? [`       and ${findings.length - SHOWN} more`] : []),
  ].join('\n');
};
