/** Case files, read strictly, because a case with a typing mistake would prove nothing. On the side of the files and on the hub. */
import { z } from 'zod';
import { type CaseFile, type Resource, resourceKey } from '../contract/index.ts';
import { type Configuration, refuseIfAny, sourcesOfText } from '../control/index.ts';
import type { PolicyCase } from '../policy/index.ts';

/** Without a time of its own a case happens then, so that it comes out the same every day. */
const NOON = '2026-01-15T12:00:00Z';

const Case = z.strictObject({
  name: z.string().min(1).max(200),
  principal: z.string().regex(/^(agent|user)\/[a-z0-9-]+$/, 'must be such as `agent/concierge` or `user/ann`'),
  /** Of a user; absent: those of the User resource. */
  roles: z.array(z.string()).optional(),
  domain: z.string().optional(),
  target: z.string().regex(/^(agent|tool|model)\/[^/]+\/[^/]+$/, 'must be such as `tool/refunds/issue`'),
  context: z
    .strictObject({
      depth: z.number().int().min(0).default(0),
      /** Where what goes into the call came from, and which step of which plan it is. */
      taint: z.array(z.string().max(255)).max(64).optional(),
      plan: z.strictObject({ name: z.string(), step: z.string() }).optional(),
      session: z.boolean().default(false),
      priority: z.union([z.literal(0), z.literal(1), z.literal(2), z.literal(3)]).default(2),
      at: z.iso.datetime({ offset: true }).default(NOON),
    })
    .prefault({}),
  /** The payload, for rules that read arguments. */
  args: z.unknown().optional(),
  /** What information points answer, by name, for rules that read facts. */
  facts: z.record(z.string(), z.unknown()).optional(),
  expect: z.strictObject({
    effect: z.enum(['allow', 'deny', 'require_approval']),
    rules: z.array(z.string()).optional(),
    code: z.string().optional(),
  }),
});
const Cases = z.strictObject({ cases: z.array(Case).min(1).max(10_000) });

/** Whose cases they are, and where the roles of users are found. */
export interface CaseWorld {
  readonly configuration: Configuration;
  readonly tenant: string;
}

/** All cases, in the order of the files. Throws one `bad_request` that lists every problem. */
export const casesIn = (files: readonly CaseFile[], world: CaseWorld): readonly PolicyCase[] => {
  const problems: string[] = [];
  const cases: PolicyCase[] = [];
  for (const { name, text } of files) {
    const { resources: documents, locate } = sourcesOfText(text, name);
    documents.forEach((document, index) => {
      const parsed = Cases.safeParse(document);
      if (parsed.success)
        cases.push(...parsed.data.cases.map((each, at) => caseOf(each, locate(index, ['cases', at]), world)));
      else
        problems.push(...parsed.error.issues.map(({ path: field, message }) => `${locate(index, field)}: ${message}`));
    });
  }
  refuseIfAny(problems);
  return cases;
};

const caseOf = (each: z.output<typeof Case>, origin: string, { configuration, tenant }: CaseWorld): PolicyCase => {
  const [kind, id = ''] = each.principal.split('/') as ['agent' | 'user', string?];
  const [target, name = '', operation = ''] = each.target.split('/') as [
    PolicyCase['target']['kind'],
    string?,
    string?,
  ];
  const { depth, taint, plan, session, priority, at } = each.context;
  return {
    name: each.name,
    origin,
    principal: {
      kind,
      tenant,
      id,
      roles:
        each.roles ??
        (kind === 'user' ? rolesOf(configuration.get(resourceKey({ tenant, kind: 'User', name: id }))) : []),
      ...(each.domain === undefined ? {} : { domain: each.domain }),
    },
    target: { kind: target, name, operation },
    depth,
    taint,
    plan,
    session,
    priority,
    atMs: Date.parse(at),
    ...(each.args === undefined ? {} : { args: each.args }),
    ...(each.facts === undefined ? {} : { facts: each.facts }),
    expect: each.expect,
  };
};

const rolesOf = (user: Resource | undefined): readonly string[] => (user?.kind === 'User' ? user.spec.roles : []);
