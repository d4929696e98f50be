/** The reference client of A2A 1.0, as it comes: it does not speak to agents of older versions by itself. */

import { randomUUID } from 'node:crypto';
import { SendMessageRequest } from 'a2a-sdk-v1';
import {
  ClientFactory,
  ClientFactoryOptions,
  DefaultAgentCardResolver,
  JsonRpcTransportFactory,
} from 'a2a-sdk-v1/client';

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

const textOf = (parts = []) => parts.map(({ content }) => (content?.$case === 'text' ? content.value : '')).join('');

export const ask = async (text, name) => {
  const client = await clients.createFromUrl(`${AIRSPACE_URL}/a2a/${name}/`);
  const message = { messageId: randomUUID(), role: 'ROLE_USER', parts: [{ text }] };
  const answer = await client.sendMessage(SendMessageRequest.fromJSON({ message, configuration: {} }));
  const { status, artifacts, parts } = answer.payload?.value ?? answer;
  if (parts !== undefined) return textOf(parts);
  return [...(artifacts ?? []).map((artifact) => textOf(artifact.parts)), textOf(status?.message?.parts)].join('');
};

export const close = async () => {};
