/** Tools of MCP servers over HTTP: what was accepted, what they say by now, and accepting it. */
import { z } from 'zod';
import { Fault, Name } from '../../contract/index.ts';
import { type Answer, json } from './answer.ts';
import { rightsToChange } from './changing.ts';
import { authorOf } from './configuration.ts';
import type { AdminRequest } from './request.ts';

const Nothing = z.strictObject({});
export const AcceptBody = z.strictObject({
  operations: z
    .array(z.strictObject({ name: z.string().min(1).max(128), digest: z.string().regex(/^[0-9a-f]{32}$/) }))
    .min(1)
    .max(500),
  reason: z.string().max(1000).default(''),
});

/** Without what a definition says: a list of names and states. */
export const listTools = async ({ ports, principal, theirs, query }: AdminRequest): Promise<Answer> => {
  query(Nothing);
  const views = await ports.tools.list(principal.tenant);
  const items = views
    .filter(({ name }) => theirs.target('tool', name))
    .map((view) => ({ ...view, operations: view.operations.map(({ name, state }) => ({ name, state })) }));
  return json({ items });
};

export const getTool = async ({ ports, principal, theirs, param, query }: AdminRequest): Promise<Answer> => {
  query(Nothing);
  requireTheirs(theirs.target('tool', param), param);
  return json(await ports.tools.get(principal.tenant, param));
};

export const acceptTool = async ({ ports, principal, rights, param, body }: AdminRequest): Promise<Answer> => {
  const { operations, reason } = await body(AcceptBody);
  const wish = { operations, reason, name: Name.parse(param), tenant: principal.tenant, by: authorOf(principal) };
  return json(await ports.tools.accept({ ...wish, rights: rightsToChange(principal, rights, { kinds: ['Tool'] }) }));
};

const requireTheirs = (isTheirs: boolean, name: string): void => {
  if (!isTheirs) throw new Fault('not_found', `there is no tool \`${name}\` that you look after`);
};
