/** A root with a hub for each of several domains below it, for suites and evaluations of what goes on in many domains at once. */
import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT_KEY_FILE } from '../vault/index.ts';
import { Announcer, applyTo, fetchJson, mintKey, ready, type StartedNode, type Starter } from './deploy.ts';

/** An agent in a domain of its own, behind that domain's hub. */
export interface Member {
  readonly name: string;
  readonly domain: string;
  readonly url: string;
}

export interface TreeWanted {
  readonly resources: readonly unknown[];
  readonly members: readonly Member[];
  readonly caller: string;
  /** A second root over the same database. `dir`: where the starter keeps the directories of nodes. */
  readonly second?: { readonly dir: string };
}

export interface Tree<Node extends StartedNode> {
  readonly adminKey: string;
  readonly callerKey: string;
  /** One, or two over one database. */
  readonly roots: readonly Node[];
  /** By the name of the domain. */
  readonly domains: ReadonlyMap<string, Node>;
  /** Ends the announcements of agents; nodes end with their starter. */
  quiet(): void;
}

/** Resolves when everybody has joined and every agent has said where it is. */
export const deployTree = async <Node extends StartedNode>(
  starter: Starter<Node>,
  { resources, members, caller, second }: TreeWanted,
): Promise<Tree<Node>> => {
  const root = await starter.hub({ name: 'root' });
  const { secret: adminKey } = (await fetchJson(`${root.url}/v1/bootstrap`, {
    body: { token: await root.bootstrapToken() },
  })) as { secret: string };
  await applyTo(root.url, adminKey, resources);
  const callerKey = await mintKey(root.url, adminKey, caller);
  const roots = second === undefined ? [root] : [root, await secondRoot(starter, second.dir)];
  // Before their hubs start: what a hub has joined with, it knows.
  const keys = new Map<string, string>();
  for (const { name } of members) keys.set(name, await mintKey(root.url, adminKey, name));
  const joined = await Promise.all(
    members.map(async (member) => {
      const { token } = await fetchJson(`${root.url}/v1/tokens`, {
        key: adminKey,
        body: { role: 'domain', domain: member.domain },
      });
      const node = await starter.domain({ name: member.domain, hubUrl: root.url, token: token as string });
      await ready(node.url);
      const announcer = new Announcer(node.url, keys.get(member.name)!, {
        name: member.name,
        instances: [{ name: `${member.name}-1`, url: member.url }],
      });
      await announcer.start();
      return { domain: member.domain, node, announcer };
    }),
  );
  return {
    ...{ adminKey, callerKey, roots },
    domains: new Map(joined.map(({ domain, node }) => [domain, node])),
    quiet: () => {
      for (const { announcer } of joined) announcer.stop();
    },
  };
};

/** Hubs that share their store share the keys that name and seal them. */
const secondRoot = <Node extends StartedNode>(starter: Starter<Node>, dir: string): Promise<Node> => {
  mkdirSync(join(dir, 'second'), { mode: 0o700, recursive: true });
  for (const file of ['node-key.pem', ROOT_KEY_FILE]) cpSync(join(dir, 'root', file), join(dir, 'second', file));
  return starter.hub({ name: 'second' });
};
