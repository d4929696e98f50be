/** `airspace policy stage`, `history` and `diff`: what was proposed, by whom, and what it would change. */
import type { ReleaseDetail, ReleaseOutcome, ReleaseProof, ReleaseView, RuleDiff } from '../../../contract/index.ts';
import { checkSources } from '../../../control/index.ts';
import type { Context } from '../../context.ts';
import { EXIT, usage } from '../../failure.ts';
import { clean } from '../../render/clean.ts';
import type { Paint, Style } from '../../render/paint.ts';
import { age } from '../../render/time.ts';
import { sourcesOf } from '../apply.ts';
import { caseFiles } from './cases.ts';

export interface StageOptions {
  readonly file: readonly string[];
  readonly reason: string;
  readonly prune?: boolean;
}

export const stage = async (context: Context, { file, reason, prune }: StageOptions): Promise<number> => {
  const policy = await policyIn(context, file);
  const cases = await caseFiles(file);
  const admin = await context.admin();
  const { release, warnings } = await admin.post<ReleaseOutcome>('/v1/policy/releases', {
    ...policy,
    cases,
    reason,
    prune: prune ?? false,
  });
  for (const warning of warnings) context.out.note(`warning: ${clean(warning)}`);
  const short = shortId(release.id);
  await context.out.one(release, () => `${release.id} staged against ${release.base}; ${proofText(release.proof)}`);
  context.out.note(`next: airspace policy diff ${short}, replay ${short}, ${wait(release)}shadow ${short}`);
  return EXIT.ok;
};

const wait = ({ needsApproval, id }: ReleaseView): string =>
  needsApproval ? `approve ${shortId(id)} (by somebody else), ` : '';

const proofText = (proof: ReleaseProof | null): string => {
  if (proof === null) return 'not held against cases';
  const { cases, covered, rules } = proof;
  if (cases === 0) return 'no cases';
  return `${cases} ${cases === 1 ? 'case holds' : 'cases hold'} in both engines, ${covered} of ${rules} rules are reached`;
};

/** The PolicyBundles and Facts among the files; a folder may well hold the rest of the configuration too. */
export const policyIn = async (context: Context, files: readonly string[]) => {
  const sources = await sourcesOf(context, files);
  // Here every line is still known; the hub sees only where each document began.
  checkSources(sources);
  const { resources, origins } = sources;
  const wanted = resources.flatMap((resource, at) => (isPolicy(resource) ? [{ resource, origin: origins[at]! }] : []));
  if (wanted.length === 0) throw usage(`there is no PolicyBundle and no Fact in ${files.join(', ')}`);
  return { resources: wanted.map(({ resource }) => resource), origins: wanted.map(({ origin }) => origin) };
};

const isPolicy = (resource: unknown): boolean => {
  const { kind } = resource as { readonly kind?: unknown };
  return kind === 'PolicyBundle' || kind === 'Fact';
};

/** What people type: enough digits to be unique, and no colon. */
export const shortId = (id: string): string => id.replace(/^sha256:/, '').slice(0, 8);

/** Digits for a path. Throws a usage failure for what can be no id. */
export const digitsOf = (release: string): string => {
  const digits = release.replace(/^sha256:/, '');
  if (/^[0-9a-f]{8,32}$/.test(digits)) return digits;
  throw usage(
    `\`${release}\` is no release: an id has 16 hex digits, of which 8 are enough`,
    'airspace policy history',
  );
};

export const history = async (
  context: Context,
  release: string | undefined,
  { limit }: { readonly limit?: string },
): Promise<number> => {
  const admin = await context.admin();
  if (release !== undefined) return one(context, await admin.get(`/v1/policy/releases/${digitsOf(release)}`));
  const { items } = await admin.get<{ items: ReleaseView[] }>('/v1/policy/releases', { limit: limit ?? 20 });
  const now = Date.now();
  await context.out.list({
    kind: 'Release',
    rows: items,
    columns: [
      { title: 'RELEASE', value: ({ id }) => id.replace(/^sha256:/, '') },
      { title: 'STATE', value: stateOf, style: styleOf },
      { title: 'AGE', value: ({ createdAtMs }) => age(createdAtMs, now) },
      { title: 'AUTHOR', value: ({ author }) => author },
      { title: 'APPROVED', value: ({ approvedBy, needsApproval }) => approvedBy ?? (needsApproval ? 'wanted' : '-') },
      { title: 'REASON', value: ({ reason }) => reason },
      { title: 'LAST', value: ({ log }) => log.at(-1)?.reason || '-' },
    ],
    name: ({ id }) => id,
    empty: 'no policy was staged yet; `airspace policy stage -f ... --reason ...`',
  });
  return EXIT.ok;
};

export const stateOf = ({ state, percent, stale }: ReleaseView): string =>
  `${state}${state === 'canary' ? ` ${percent}%` : ''}${stale ? ' (stale)' : ''}`;

const styleOf = ({ state }: ReleaseView): Style | undefined =>
  state === 'halted' ? 'red' : state === 'active' ? 'green' : state === 'canary' ? 'yellow' : undefined;

const one = async ({ out }: Context, release: ReleaseDetail): Promise<number> => {
  await out.one(release, () =>
    [
      `${release.id}  ${stateOf(release)}`,
      `  by ${clean(release.author)}: ${clean(release.reason)}`,
      `  against ${release.base}; ${proofText(release.proof)}${release.widening ? '; may allow more' : ''}`,
      ...release.log.map(
        ({ atMs, by, state, percent, reason }) =>
          `  ${new Date(atMs).toISOString()}  ${state}${percent > 0 ? ` ${percent}%` : ''}  ${clean(by)}${reason === '' ? '' : `: ${clean(reason)}`}`,
      ),
      ...armLines(release),
    ].join('\n'),
  );
  return EXIT.ok;
};

const armLines = ({ state, arms }: ReleaseDetail): readonly string[] => {
  if (arms === null) return [];
  return state === 'shadow'
    ? [`  shadow: ${arms.differed} decisions would have come out otherwise`]
    : [armLine('canary', arms.canary), armLine('stable', arms.stable)];
};

const armLine = (name: string, { calls, denied, approvals, errors }: NonNullable<ReleaseDetail['arms']>['canary']) =>
  `  ${name}: ${calls} calls, ${denied} denied, ${approvals} for approval, ${errors} with errors`;

const MARKS: Readonly<Record<RuleDiff['change'], readonly [string, Style]>> = {
  add: ['+', 'green'],
  remove: ['-', 'red'],
  change: ['~', 'yellow'],
};

/** Against what is active now. */
export const diff = async (context: Context, release: string): Promise<number> => {
  const found = await (await context.admin()).get<ReleaseDetail>(`/v1/policy/releases/${digitsOf(release)}`);
  await context.out.one({ release: found.id, rules: found.diff }, () => rulesText(found.diff, context.out.paint));
  return found.diff.length === 0 ? EXIT.ok : EXIT.no;
};

export const rulesText = (
  rules: readonly RuleDiff[],
  paint: Paint,
  same = 'no rule and no fact differs from the active policy',
): string =>
  rules.length === 0
    ? same
    : rules
        .map(({ rule, change, kind, reason }) => {
          const [mark, style] = MARKS[change];
          return `${paint(style, mark)} ${kind} ${clean(rule)}: ${clean(reason)}`;
        })
        .join('\n');
