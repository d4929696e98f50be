/** The command that does the same as a button. Texts go along in it, so that it works from anywhere. */
import { quoted, shown } from '../model/shell.ts';
import type { Proposal } from './proposal.ts';

export const digits = (release: string): string => release.replace(/^sha256:/, '');

export const shortId = (release: string): string => digits(release).slice(0, 8);

/** True: a flag without a value. Empty: it is left out. */
type Flags = Readonly<Record<string, string | true>>;

/** `airspace policy activate f4360da5 --percent 10 --reason '...'` */
export const policyCommand = (
  verb: string,
  { release, flags = {} }: { readonly release?: string | undefined; readonly flags?: Flags },
): string =>
  [
    `airspace policy ${verb}`,
    ...(release === undefined ? [] : [shortId(release)]),
    ...Object.entries(flags).flatMap(([flag, value]) =>
      value === '' ? [] : [value === true ? `--${flag}` : `--${flag} ${quoted(value)}`],
    ),
  ].join(' ');

/** Writes the files beside each other, as people have them, and asks about them. */
export const draftCommand = (
  verb: 'stage' | 'replay' | 'test' | 'lint',
  { resources, origins, cases }: Proposal,
  flags: Flags = {},
): string => {
  const name = origins[0] ?? 'policy';
  const folder = `${name}-draft`;
  const texts = [
    // JSON is YAML, and has no line of its own that could end the text early.
    { name: `${name}.yaml`, text: resources.map((resource) => JSON.stringify(resource, null, 2)).join('\n---\n') },
    ...cases,
  ];
  const writes = texts.map(({ name: file, text }) => {
    const end = endFor(text);
    return `cat > ${folder}/${quoted(file)} <<'${end}'\n${shown(text)}\n${end}`;
  });
  const what =
    verb === 'test' ? { verb: `test ${folder} --live`, flags: {} } : { verb, flags: { file: folder, ...flags } };
  return [`mkdir -p ${folder}`, ...writes, policyCommand(what.verb, { flags: what.flags })].join('\n');
};

/** A line that is not in the text. */
const endFor = (text: string): string => {
  const lines = new Set(text.split('\n').map((line) => line.trim()));
  for (let at = 0; ; at++) if (!lines.has(`END${at || ''}`)) return `END${at || ''}`;
};
