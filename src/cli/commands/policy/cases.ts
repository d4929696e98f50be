/** Case files: YAML beside the policies, checked strictly, because a case with a typing mistake would prove nothing. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { DEFAULT_TENANT, type ResourceOf } from '../../../contract/index.ts';
import { CASES_FILE, type Configuration, refuseIfAny, sourcesOfText } from '../../../control/index.ts';
import type { PolicyCase } from '../../../policy/index.ts';
import { usage } from '../../failure.ts';

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
const CaseFile = z.strictObject({ cases: z.array(Case).min(1).max(10_000) });

/** All cases of a folder, in the order of its files. Throws one `bad_request` that lists every problem. */
export const readCases = async (folder: string, configuration: Configuration): Promise<readonly PolicyCase[]> => {
  const problems: string[] = [];
  const cases: PolicyCase[] = [];
  for (const path of await caseFiles(folder)) {
    const { resources: documents, locate } = sourcesOfText(await readFile(path, 'utf8'), path);
    documents.forEach((document, index) => {
      const parsed = CaseFile.safeParse(document);
      if (parsed.success)
        parsed.data.cases.forEach((each, at) => {
          cases.push(caseOf(each, locate(index, ['cases', at]), configuration));
        });
      else
        problems.push(...parsed.error.issues.map(({ path: field, message }) => `${locate(index, field)}: ${message}`));
    });
  }
  refuseIfAny(problems);
  return cases;
};

const caseFiles = async (folder: string): Promise<readonly string[]> => {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => {
    throw usage(`\`${folder}\` is no folder that can be read`);
  });
  return entries
    .filter((entry) => entry.isFile() && CASES_FILE.test(entry.name) && !entry.parentPath.includes('node_modules'))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
};

const caseOf = (each: z.output<typeof Case>, origin: string, configuration: Configuration): PolicyCase => {
  const [kind, id = ''] = each.principal.split('/') as ['agent' | 'user', string?];
  const [target, name = '', operation = ''] = each.target.split('/') as [
    PolicyCase['target']['kind'],
    string?,
    string?,
  ];
  const { depth, session, priority, at } = each.context;
  return {
    name: each.name,
    origin,
    principal: {
      kind,
      tenant: DEFAULT_TENANT,
      id,
      roles: each.roles ?? (kind === 'user' ? rolesOf(configuration, id) : []),
      ...(each.domain === undefined ? {} : { domain: each.domain }),
    },
    target: { kind: target, name, operation },
    depth,
    session,
    priority,
    atMs: Date.parse(at),
    ...(each.args === undefined ? {} : { args: each.args }),
    ...(each.facts === undefined ? {} : { facts: each.facts }),
    expect: each.expect,
  };
};

const rolesOf = (configuration: Configuration, user: string): readonly string[] => {
  const found = configuration.get(`${DEFAULT_TENANT}/User/${user}`) as ResourceOf<'User'> | undefined;
  return found?.spec.roles ?? [];
};
