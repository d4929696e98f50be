/** Holds what the caller heard against what the agents ran, and the records of one way against those of the other. */
import type { CallEvent } from '../../src/contract/index.ts';
import type { Answered } from './generator.ts';

/** What broke; nothing when the promise holds. */
export const lostOrTwice = (answers: readonly Answered[], ledger: readonly string[]): readonly string[] => {
  const times = new Map<string, number>();
  for (const id of ledger) times.set(id, (times.get(id) ?? 0) + 1);
  const asked = new Set(answers.map(({ id }) => id));
  return [
    ...answers
      .filter(({ status }) => status !== 200)
      .map(({ id, status, said }) => `failed: ${id} was answered ${status} ${said}`),
    ...answers
      .filter(({ id, status }) => status === 200 && !times.has(id))
      .map(({ id }) => `lost: ${id} was answered and never ran`),
    ...[...times].filter(([id, n]) => asked.has(id) && n > 1).map(([id, n]) => `twice: ${id} ran ${n} times`),
  ];
};

/** Roles, steps and attributes of a call, by node, without their values. */
export const shapeOf = (events: readonly CallEvent[]): Readonly<Record<string, string>> =>
  Object.fromEntries(
    events.map(({ role, steps, attributes }) => [
      role,
      [
        ...steps.map(({ name, attributes: own }) => `${name}(${Object.keys(own).sort().join(' ')})`).sort(),
        ...Object.keys(attributes).sort(),
      ].join(' '),
    ]),
  );

/** What the nodes that both ways pass say must look the same; the hub way has the hub besides, and nothing else. */
export const shapesApart = (hub: readonly CallEvent[], mesh: readonly CallEvent[]): readonly string[] => {
  const [through, directly] = [shapeOf(hub), shapeOf(mesh)];
  const roles = (shape: Readonly<Record<string, string>>): string => Object.keys(shape).sort().join(', ');
  return [
    ...(roles(through) === 'hub, sidecar-in, sidecar-out' ? [] : [`through the hub a call passes ${roles(through)}`]),
    ...(roles(directly) === 'sidecar-in, sidecar-out' ? [] : [`directly a call passes ${roles(directly)}`]),
    ...['sidecar-out', 'sidecar-in']
      .filter((role) => through[role] !== directly[role])
      .map((role) => `${role} says through the hub: ${through[role]}; directly: ${directly[role]}`),
  ];
};

export const p50 = (answers: readonly Answered[]): number => {
  const sorted = answers.map(({ latencyMs }) => latencyMs).sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN;
};
