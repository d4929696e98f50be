/** Strands as a caller: its A2AAgent speaks A2A 0.3, whatever the agent at the other end speaks. */
import {
  ClientFactory,
  ClientFactoryOptions,
  DefaultAgentCardResolver,
  JsonRpcTransportFactory,
} from '@a2a-js/sdk/client';
import { A2AAgent } from '@strands-agents/sdk/a2a';

const { AIRSPACE_URL = 'http://127.0.0.1:4600', AIRSPACE_KEY = '' } = process.env;

const fetchImpl = (url, init) => {
  const headers = new Headers(init?.headers);
  headers.set('authorization', `Bearer ${AIRSPACE_KEY}`);
  return fetch(url, { ...init, headers });
};
const clientFactory = new ClientFactory(
  ClientFactoryOptions.createFrom(ClientFactoryOptions.default, {
    transports: [new JsonRpcTransportFactory({ fetchImpl })],
    cardResolver: new DefaultAgentCardResolver({ fetchImpl }),
  }),
);

export const ask = async (text, name) => {
  const agent = new A2AAgent({ url: `${AIRSPACE_URL}/a2a/${name}/`, clientFactory });
  return (await agent.invoke(text)).toString();
};

export const close = async () => {};
