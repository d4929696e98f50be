/** One hub over real HTTP with people, an agent that starts plans, and an agent whose answers a test gives. */
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { RunningHub } from '../../src/cli/node/hub.ts';
import type { ApprovalView, RunDetail } from '../../src/contract/index.ts';
import { apply, bundle, keyOf, mintKey, OPEN, resource, Scene, until } from '../hierarchy/scene.ts';

export { apply, resource, until } from '../hierarchy/scene.ts';

/** By operation; one that throws answers 422. */
export type Answers = Map<string, (input: unknown) => unknown>;

export interface Asked {
  readonly status: number;
  readonly json: Record<string, unknown>;
}

export interface House {
  readonly scene: Scene;
  readonly hub: RunningHub;
  readonly answers: Answers;
  /** Operations that came to the agent, in order. */
  readonly seen: string[];
  readonly secrets: Readonly<Record<Who, string>>;
  /** The agent `office` with other operations. */
  officeOf(operations: readonly object[]): object;
  ask(who: Who, path: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<Asked>;
  /** A call of the agent `desk` that does not wait. Answers the id of the call. */
  start(plan: string, input?: unknown): Promise<string>;
  run(id: string): Promise<RunDetail>;
  /** The approvals that wait, with all that a person sees of them. */
  waiting(): Promise<readonly ApprovalView[]>;
}

/** `ada` operates and approves, `bob` approves, `desk` is the agent that calls. */
export type Who = 'ada' | 'bob' | 'desk';

export const plan = (name: string, spec: object, metadata: object = {}) => resource('Plan', name, spec, metadata);

/** `operations` of the agent `office`. */
export const house = async (operations: readonly object[], more: readonly object[] = []): Promise<House> => {
  const scene = new Scene();
  const minted = { ada: mintKey('ada-1'), bob: mintKey('bob-1'), desk: mintKey('desk-1') };
  const secrets = { ada: minted.ada.secret, bob: minted.bob.secret, desk: minted.desk.secret };
  const answers: Answers = new Map();
  const seen: string[] = [];
  const office = createServer(async (req, res) => {
    const operation = (req.url ?? '').slice(1);
    const input = await jsonOf(req);
    seen.push(operation);
    try {
      const answer = await (answers.get(operation) ?? (() => ({ done: operation })))(input);
      res.setHeader('content-type', 'application/json').end(JSON.stringify(answer));
    } catch {
      res.writeHead(422, { 'content-type': 'application/json' }).end('{}');
    }
  });
  office.listen(0, '127.0.0.1');
  await new Promise((listening) => office.once('listening', listening));
  scene.defer(async () => {
    office.closeAllConnections();
    await new Promise((closed) => office.close(closed));
  });
  const endpoints = [{ url: `http://127.0.0.1:${(office.address() as AddressInfo).port}` }];
  const officeOf: House['officeOf'] = (its) => resource('Agent', 'office', { operations: its, endpoints });
  const hub = await scene.root();
  await apply(hub, [
    ...[resource('User', 'ada', { roles: ['admin', 'approver'] }), keyOf(minted.ada, 'ada', 'user')],
    ...[resource('User', 'bob', { roles: ['approver'] }), keyOf(minted.bob, 'bob', 'user')],
    ...[resource('Agent', 'desk', { operations: [{ name: 'ask', effect: 'read' }] }), keyOf(minted.desk, 'desk')],
    officeOf(operations),
    bundle('org', OPEN),
    ...more,
  ]);
  const ask: House['ask'] = async (who, path, body, headers = {}) => {
    const response = await fetch(`${hub.url}${path}`, {
      headers: { authorization: `Bearer ${secrets[who]}`, 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
    });
    return { status: response.status, json: (await response.json()) as Record<string, unknown> };
  };
  const waiting = async (): Promise<readonly ApprovalView[]> => {
    const { items } = (await ask('bob', '/v1/approvals?state=pending')).json as { items: readonly ApprovalView[] };
    return Promise.all(
      items.map(async ({ id }) => (await ask('bob', `/v1/approvals/${id}`)).json as unknown as ApprovalView),
    );
  };
  return {
    ...{ scene, hub, answers, seen, secrets, officeOf, ask, waiting },
    start: async (name, input = {}) => {
      const { status, json } = await ask('desk', `/v1/agents/${name}/run`, input, { prefer: 'respond-async' });
      if (status !== 202) throw new Error(`not started: ${status} ${JSON.stringify(json)}`);
      return String(json['id']);
    },
    run: async (id) => (await ask('ada', `/v1/runs/${id}`)).json as unknown as RunDetail,
  };
};

const jsonOf = async (req: IncomingMessage): Promise<unknown> => {
  let text = '';
  for await (const chunk of req) text += String(chunk);
  return text === '' ? undefined : JSON.parse(text);
};

/** The approvals that wait, as soon as there are so many. */
export const asked = async (of: House, many: number): Promise<readonly ApprovalView[]> => {
  await until(async () => (await of.waiting()).length === many, `${many} approvals wait`);
  return of.waiting();
};

export const ended = async (of: House, id: string): Promise<RunDetail> => {
  await until(async () => (await of.run(id)).endedAtMs != null, `run ${id} is over`);
  return of.run(id);
};
