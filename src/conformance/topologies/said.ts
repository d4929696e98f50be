/** What a problem document says, in a form in which two topologies can be held against each other. */
type Problem = Readonly<Record<string, unknown>>;

/** Each is another one in each deployment: that it is said is compared, and not what it is. */
const OWN: ReadonlySet<string> = new Set(['root', 'order', 'endpoint']);

/** Code, reason, whether it may have run, and every fact. Empty for what is no problem. */
export const problemSaid = ({ code, executed, facts }: Problem): readonly string[] => {
  if (code === undefined) return [];
  const { code: reason, rules, limit, ...others } = (facts ?? {}) as Problem;
  return [
    ...[code, reason, executed === 'no' ? undefined : executed, rules, limit].flat().filter((one) => one !== undefined),
    ...Object.keys(others)
      .sort()
      .map((name) => `${name}=${OWN.has(name) ? '*' : factSaid(others[name])}`),
  ].map(String);
};

const factSaid = (fact: unknown): string =>
  Array.isArray(fact)
    ? `[${[...new Set(fact.map((one) => textSaid(String(one))))].join(', ')}]`
    : textSaid(String(fact));

/** Without addresses of endpoints and seconds. */
const textSaid = (text: string): string => text.replaceAll(/`[^`]*`/g, '*').replaceAll(/\b\d+ s\b/g, '* s');
