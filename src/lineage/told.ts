/** A place in a tree as text: what an agent is handed under a seal, and what a node tells the next one. */
import { z } from 'zod';
import { type Clock, Fault, type Hop, type Lineage, type Principal, type Tree } from '../contract/index.ts';

/** Where a call stands: what its children continue. */
export interface Place {
  readonly tenant: string;
  readonly call: string;
  readonly lineage: Lineage;
  readonly tree: Tree;
}

/** Of a label, and of labels of one call: they travel in a header. */
const MOST_LABEL = 255;
const MOST_LABELS = 64;

const short = z.string().min(1).max(255);
const count = z.number().int().min(0).max(1_000_000);
const CallId = z.string().regex(/^[0-9a-f]{32}$/);

const Origin = z.strictObject({
  kind: z.enum(['agent', 'user', 'node']),
  id: short,
  domain: short.exactOptional(),
  roles: z.array(short).max(100),
});

/** Short names: it travels with every call to an agent. */
const Common = {
  /** Calls so far. */
  n: count,
  /** Who began. */
  b: z.string().min(1).max(320),
  /** The same proven, or null. */
  o: Origin.nullable(),
  /** Proof of it. */
  p: z.string().max(2_000).exactOptional(),
  /** Targets and digests in turns. */
  h: z.array(z.string().max(320)).max(64),
  /** Taint. */
  x: z.array(z.string().max(MOST_LABEL)).max(MOST_LABELS).exactOptional(),
};

const Handed = z.strictObject({
  ...Common,
  /** Tenant, and agent that it is for. */
  t: short,
  a: short,
  r: CallId,
  c: CallId,
  d: z.number().int().min(0).max(99),
  /** Unix ms at which the time of the tree is over. */
  e: z.number(),
  /** It is a replay. A node that does not know the word refuses the whole, and so sends nothing. */
  y: z.literal(true).exactOptional(),
});

const Described = z.strictObject({
  ...Common,
  /** Milliseconds left of the tree. */
  l: z.number().min(0),
  /** Plan and step that the call itself is. */
  s: z.tuple([short, short]).exactOptional(),
});

export interface HandedPlace extends Place {
  readonly agent: string;
  readonly endsAtWallMs: number;
}

type Both = Pick<z.output<typeof Described>, keyof typeof Common>;

const commonOf = ({ origin, begun, hops, calls, proof, taint }: Tree): Both => ({
  n: calls,
  b: begun,
  o: origin === null ? null : originText(origin),
  ...(proof === undefined ? {} : { p: proof }),
  h: hops.flatMap(({ target, digest }) => [target, digest]),
  ...(taint === undefined ? {} : { x: [...toldLabels(taint)] }),
});

/** Labels that people gave to data come first, for rules are about those. Throws `denied` when not even they fit: without them it would be a lie. */
const toldLabels = (taint: readonly string[]): readonly string[] => {
  if (taint.length <= MOST_LABELS) return taint;
  const labels = taint.filter((one) => one.startsWith('data-'));
  if (labels.length > MOST_LABELS)
    throw new Fault(
      'denied',
      `more than ${MOST_LABELS} labels of data go into this call; let fewer sources into one call`,
      {
        executed: 'no',
      },
    );
  return [...labels, ...taint.filter((one) => !one.startsWith('data-'))].slice(0, MOST_LABELS);
};

const originText = ({ kind, id, domain, roles }: Principal): z.output<typeof Origin> => ({
  kind,
  id,
  ...(domain === undefined ? {} : { domain }),
  roles: [...roles],
});

const treeOf = (said: Both, tenant: string, endsAtMs: number): Tree => ({
  origin: said.o === null ? null : { ...said.o, tenant },
  begun: said.b,
  hops: hopsOf(said.h),
  calls: said.n,
  endsAtMs,
  ...(said.p === undefined ? {} : { proof: said.p }),
  ...(said.x === undefined ? {} : { taint: said.x }),
});

const hopsOf = (texts: readonly string[]): readonly Hop[] => {
  const hops: Hop[] = [];
  for (let at = 0; at + 1 < texts.length; at += 2) hops.push({ target: texts[at]!, digest: texts[at + 1]! });
  return hops;
};

/** What agent `agent`, which gets this call, is handed. */
export const handedText = ({ tenant, call, lineage, tree }: Place, agent: string, clock: Clock): string =>
  JSON.stringify({
    ...commonOf(tree),
    t: tenant,
    a: agent,
    r: lineage.root,
    c: call,
    d: lineage.depth,
    e: Math.floor(clock.wallMs() + tree.endsAtMs - clock.nowMs()),
    ...(tree.replay === undefined ? {} : { y: tree.replay }),
  } satisfies z.output<typeof Handed>);

/** Undefined for anything else. */
export const handedFrom = (text: string): HandedPlace | undefined => {
  const said = parsed(Handed, text);
  if (said === undefined) return undefined;
  const lineage = { root: said.r, depth: said.d };
  return {
    tenant: said.t,
    agent: said.a,
    call: said.c,
    lineage,
    endsAtWallMs: said.e,
    // The clock of this node comes in where it is used.
    tree: {
      ...treeOf(said, said.t, Number.POSITIVE_INFINITY),
      ...(said.y === undefined ? {} : { replay: said.y }),
    },
  };
};

/** What the next node is told; root, parent and depth are in a header of their own. */
export const describedText = (tree: Tree, nowMs: number): string =>
  Buffer.from(
    JSON.stringify({
      ...commonOf(tree),
      l: Math.max(0, Math.floor(tree.endsAtMs - nowMs)),
      ...(tree.plan === undefined ? {} : { s: [tree.plan.name, tree.plan.step] }),
    } satisfies z.output<typeof Described>),
  ).toString('base64url');

export const describedFrom = (text: string, tenant: string, nowMs: number): Tree | undefined => {
  const said = parsed(Described, Buffer.from(text, 'base64url').toString());
  if (said === undefined) return undefined;
  const [name = '', step = ''] = said.s ?? [];
  return { ...treeOf(said, tenant, nowMs + said.l), ...(said.s === undefined ? {} : { plan: { name, step } }) };
};

const parsed = <S extends z.ZodType>(schema: S, text: string): z.output<S> | undefined => {
  try {
    return schema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
};
