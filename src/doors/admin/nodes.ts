/** The way in for nodes that joined, and what operators see of them. The node link owns what is inside the messages. */
import { z } from 'zod';
import { type CancelSignal, Fault, type Signed, type SignedDelta } from '../../contract/index.ts';
import { Canceller } from '../../kernel/index.ts';
import { type Answer, frameOf, json } from './answer.ts';
import { authorOf } from './configuration.ts';
import type { AdminRequest, NodeRequest, OpenRequest } from './request.ts';

export const Anything = z.record(z.string(), z.unknown());
const Nothing = z.strictObject({});
const Seq = z.coerce.number().int().min(0).default(0);
export const Held = z.strictObject({
  snapshotSeq: Seq,
  rosterSeq: Seq,
  killsSeq: Seq,
  /** `1`: told by what changed, too. */
  deltas: z
    .literal('1')
    .transform(() => true)
    .exactOptional(),
});

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

export const nodeLogs = async ({ ports, node, body }: NodeRequest): Promise<Answer> =>
  json(await ports.nodes.logs(node, await body(Anything)));

export const nodeSaid = async ({ ports, node, body }: NodeRequest): Promise<Answer> =>
  json(await ports.nodes.said(node, await body(Anything)));

export const nodeExports = async ({ ports, node, body }: NodeRequest): Promise<Answer> =>
  json(await ports.nodes.exports(node, await body(Anything)));

export const nodeSums = async ({ ports, node, body }: NodeRequest): Promise<Answer> =>
  json(await ports.nodes.sums(node, await body(Anything)));

export const nodeCheckpoint = async ({ ports, node, body }: NodeRequest): Promise<Answer> => {
  await ports.nodes.checkpoint(node, await body(Anything));
  return json({ kept: node.id });
};

export const certificate = async ({ ports, node, body }: NodeRequest): Promise<Answer> => {
  await body(Nothing);
  return json(await ports.nodes.certificate(node));
};
export const nodeAudit = async ({ ports, node, body }: NodeRequest): Promise<Answer> =>
  json(await ports.nodes.audit(node, await body(Anything)));

/** Signed documents as events named by their kind. A slow node misses steps in between and gets the newest. */
export const nodeStream = async ({ ports, node, query }: NodeRequest): Promise<Answer> => {
  const held = query(Held);
  // Asked for now: a hub that has its hands full says so before the stream begins.
  const reading = new Canceller();
  const documents = ports.nodes.documents(node, held, reading);
  return { kind: 'documents', messages: (signal) => framesOf(documents, signal, reading) };
};

async function* framesOf(documents: AsyncIterable<Signed | SignedDelta>, signal: CancelSignal, reading: Canceller) {
  const forget = signal.onCancel((reason) => reading.cancel(reason));
  try {
    for await (const document of documents) yield framed(document);
  } finally {
    forget();
    reading.release();
  }
}

/** A document goes to many nodes, and is written down once for all of them. */
const frames = new WeakMap<Signed | SignedDelta, Uint8Array>();

const eventOf = (document: Signed | SignedDelta): string =>
  'base' in document ? `${document.kind}-delta` : document.kind;

const framed = (document: Signed | SignedDelta): Uint8Array => {
  let frame = frames.get(document);
  if (frame === undefined) {
    frame = frameOf({ event: eventOf(document), data: JSON.stringify(document) });
    frames.set(document, frame);
  }
  return frame;
};

export const listNodes = async ({ ports, principal, theirs, query }: AdminRequest): Promise<Answer> => {
  query(Nothing);
  const leases = ports.budgets.leases();
  const nodes = ports.nodes.list(principal.tenant).filter(({ node }) => theirs.domain(node.domain));
  return json({ items: nodes.map((view) => ({ ...view, leases: leases.get(view.node.id) ?? 0 })) });
};

export const removeNode = async ({ ports, principal, param }: AdminRequest): Promise<Answer> => {
  if (!ports.nodes.list(principal.tenant).some(({ node }) => node.id === param))
    throw new Fault('not_found', `there is no node \`${param}\``);
  await ports.nodes.remove(principal.tenant, param, authorOf(principal));
  return json({ id: param, removed: true });
};
