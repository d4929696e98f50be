/** Google ADK as a caller: its RemoteA2AAgent speaks A2A 0.3, whatever the agent at the other end speaks. */
import {
  ClientFactory,
  ClientFactoryOptions,
  DefaultAgentCardResolver,
  JsonRpcTransportFactory,
} from '@a2a-js/sdk/client';
import { InMemoryRunner, RemoteA2AAgent } from '@google/adk';

const { AIRSPACE_URL = 'http://127.0.0.1:4600', AIRSPACE_KEY = '' } = process.env;

const fetchImpl = (url, init) => {
  const headers = new Headers(init?.headers);
  headers.set('authorization', `Bearer ${AIRSPACE_KEY}`);
  return fetch(url, { ...init, headers });
};
const clients = new ClientFactory(
  ClientFactoryOptions.createFrom(ClientFactoryOptions.default, {
    transports: [new JsonRpcTransportFactory({ fetchImpl })],
    cardResolver: new DefaultAgentCardResolver({ fetchImpl }),
  }),
);

export const ask = async (text, name) => {
  const client = await clients.createFromUrl(`${AIRSPACE_URL}/a2a/${name}/`);
  const agent = new RemoteA2AAgent({ name, client, agentCard: await client.getAgentCard() });
  const runner = new InMemoryRunner({ agent, appName: 'adk' });
  const { id } = await runner.sessionService.createSession({ appName: 'adk', userId: 'ann' });
  let answer = '';
  for await (const event of runner.runAsync({
    userId: 'ann',
    sessionId: id,
    newMessage: { role: 'user', parts: [{ text }] },
  })) {
    if (event.errorMessage) throw new Error(event.errorMessage);
    answer += (event.content?.parts ?? []).map((part) => part.text ?? '').join('');
  }
  return answer;
};

export const close = async () => {};
