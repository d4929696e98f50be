/** `airspace policy diff <release> <release>`: rules that the second has otherwise than the first, whatever is active. */
import type { BundleText, PolicyLevel } from '../../../contract/index.ts';
import { policyDifference } from '../../../control/index.ts';
import { rulesIn } from '../../../policy/index.ts';
import type { Admin } from '../../admin.ts';
import type { Context } from '../../context.ts';
import { EXIT, Failure } from '../../failure.ts';
import { digitsOf, rulesText } from './releases.ts';

/** Exit 1 when they differ. */
export const between = async (context: Context, from: string, to: string): Promise<number> => {
  const [first, second] = [digitsOf(from), digitsOf(to)];
  const admin = await context.admin();
  const [before, after] = await Promise.all([levelsOf(admin, first), levelsOf(admin, second)]);
  const rules = policyDifference({ levels: before }, { levels: after });
  await context.out.one({ from: first, to: second, rules }, () =>
    rulesText(rules, context.out.paint, 'no rule differs'),
  );
  context.out.note('rules only: facts of a release are told against the active policy, airspace policy diff <release>');
  return rules.length === 0 ? EXIT.ok : EXIT.no;
};

/** Of the bundles that whoever asks may see. */
const levelsOf = async (admin: Admin, release: string): Promise<readonly PolicyLevel[]> => {
  const { items } = await admin.get<{ items: readonly BundleText[] }>(`/v1/policy/releases/${release}/bundles`);
  return items.map(({ name, level, policies, limits }) => ({
    ...{ tenant: '', level, policies: read(policies, name), limits: limits === null ? [] : read(limits, name) },
  }));
};

const read = (text: string, bundle: string) => {
  const rules = rulesIn(text);
  if (rules !== undefined) return rules;
  throw new Failure(EXIT.internal, `bundle \`${bundle}\` of a release cannot be read by the Cedar of this command`, {
    try: 'the command of the version that the hub has: airspace version',
    code: 'internal',
  });
};
