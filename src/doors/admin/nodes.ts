/** The way in for nodes that joined, and what operators see of them. The node link owns what is inside the messages. */
import { z } from 'zod';
import { Fault, type Signed } from '../../contract/index.ts';
import { type Answer, json, type Message } from './answer.ts';
import { authorOf } from './configuration.ts';
import type { AdminRequest, NodeRequest, OpenRequest } from './request.ts';

export const Anything = z.record(z.string(), z.unknown());
const Nothing = z.strictObject({});
const Seq = z.coerce.number().int().min(0).default(0);
export const Held = z.strictObject({ snapshotSeq: Seq, rosterSeq: Seq, killsSeq: Seq });

export const join = async ({ ports, body }: OpenRequest): Promise<Answer> =>
  json(await ports.nodes.join(await body(Anything)));

export const heartbeat = async ({ ports, node, body }: NodeRequest): Promise<Answer> =>
  json(await ports.nodes.heartbeat(node, await body(Anything)));

export const leave = async ({ ports, node }: NodeRequest): Promise<Answer> => {
  await ports.nodes.leave(node);
  return json({ left: node.id });
};

export const nodeEvents = async ({ ports, node, body }: NodeRequest): Promise<Answer> =>
  json(await ports.nodes.events(node, await body(Anything)));

/** Signed documents as events named by their kind. A slow node misses steps in between and gets the newest. */
export const nodeStream = async ({ ports, node, query }: NodeRequest): Promise<Answer> => {
  const held = query(Held);
  return { kind: 'documents', messages: (signal) => messagesOf(ports.nodes.documents(node, held, signal)) };
};

async function* messagesOf(documents: AsyncIterable<Signed>): AsyncGenerator<Message> {
  for await (const document of documents) yield { event: document.kind, data: JSON.stringify(document) };
}

export const listNodes = async ({ ports, principal, theirs, query }: AdminRequest): Promise<Answer> => {
  query(Nothing);
  return json({ items: ports.nodes.list(principal.tenant).filter(({ node }) => theirs.domain(node.domain)) });
};

export const removeNode = async ({ ports, principal, param }: AdminRequest): Promise<Answer> => {
  if (!ports.nodes.list(principal.tenant).some(({ node }) => node.id === param))
    throw new Fault('not_found', `there is no node \`${param}\``);
  await ports.nodes.remove(principal.tenant, param, authorOf(principal));
  return json({ id: param, removed: true });
};
