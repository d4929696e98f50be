/** What the native door serves. */
import type { TargetKind } from '../../contract/index.ts';
import type { DoorRoute } from '../routes.ts';

const JSON_TYPE = { 'content-type': 'application/json' };

const call = (target: TargetKind): DoorRoute => ({
  door: 'native',
  method: 'POST',
  path: `/v1/${target}s/{name}/{operation}`,
  summary: `call an operation of ${target === 'agent' ? 'an agent' : `a ${target}`}`,
  gate: { kind: 'call', target, operation: '*' },
  example: { headers: JSON_TYPE, body: '{}' },
});

const record = (method: DoorRoute['method'], path: string, summary: string): DoorRoute => ({
  door: 'native',
  method,
  path,
  summary,
  gate: { kind: 'known' },
});

export const routes: readonly DoorRoute[] = [
  call('agent'),
  call('tool'),
  call('model'),
  {
    door: 'native',
    method: 'POST',
    path: '/v1/capabilities/{capability}',
    summary: 'call whoever provides a capability: `query_database@^2`, with any range of semantic versioning',
    gate: { kind: 'call', target: '*', operation: '*' },
    example: { headers: JSON_TYPE, body: '{}' },
  },
  record('GET', '/v1/calls/{id}', 'how a call of yours stands that you did not wait for'),
  record('DELETE', '/v1/calls/{id}', 'ask a call of yours to stop'),
  record('GET', '/v1/calls/{id}/reply', 'what a call of yours answered'),
];
