/** An agent of today's A2A, 1.0, with the reference SDK. Older clients cannot talk to it: that is what Airspace is for. */

import { randomUUID } from 'node:crypto';
import { AgentCard, Message } from 'a2a-sdk-v1';
import { AgentEvent, DefaultRequestHandler, InMemoryTaskStore } from 'a2a-sdk-v1/server';
import { agentCardHandler, jsonRpcHandler, UserBuilder } from 'a2a-sdk-v1/server/express';
import express from 'express';

const port = Number(process.env.PORT);
const card = AgentCard.fromJSON({
  name: 'newcomer',
  description: 'a script that says what it heard',
  version: '1.0.0',
  supportedInterfaces: [{ url: `http://127.0.0.1:${port}/rpc`, protocolBinding: 'JSONRPC', protocolVersion: '1.0' }],
  capabilities: { streaming: true },
  defaultInputModes: ['text/plain'],
  defaultOutputModes: ['text/plain'],
  skills: [{ id: 'listen', name: 'listen', description: 'says what it heard', tags: ['script'] }],
});

const executor = {
  cancelTask: async () => {},
  execute: async ({ contextId, userMessage }, bus) => {
    const heard = userMessage.parts.map(({ content }) => (content?.$case === 'text' ? content.value : '')).join(' ');
    const text = `I am a script of A2A 1.0. I heard: ${heard}`;
    bus.publish(
      AgentEvent.message(
        Message.fromJSON({ messageId: randomUUID(), role: 'ROLE_AGENT', contextId, parts: [{ text }] }),
      ),
    );
    bus.finished();
  },
};

const requestHandler = new DefaultRequestHandler(card, new InMemoryTaskStore(), executor);
const app = express();
app.use('/.well-known/agent-card.json', agentCardHandler({ agentCardProvider: async () => card }));
app.use('/rpc', jsonRpcHandler({ requestHandler, userBuilder: UserBuilder.noAuthentication }));
app.listen(port, '127.0.0.1', () => console.log(`listening on ${port}`));
