/** Which version and which extensions a caller speaks, as it says itself: versions are named in full, and nobody guesses. */
import { refusal } from './refuse.ts';

export const VERSIONS = ['1.0', '0.3'] as const;
export type Version = (typeof VERSIONS)[number];

/** Empty means 0.3, as the specification has it. A patch counts for nothing. Throws `VERSION_NOT_SUPPORTED`. */
export const versionOf = (text: string): Version => {
  const wanted = text.trim();
  if (wanted === '') return '0.3';
  const [, plain] = /^(\d{1,4}\.\d{1,4})(?:\.\d{1,4})?$/.exec(wanted) ?? [];
  const found = VERSIONS.find((version) => version === plain);
  if (found !== undefined) return found;
  throw refusal(
    'VERSION_NOT_SUPPORTED',
    `A2A version \`${wanted.slice(0, 32)}\` is not spoken here; send A2A-Version: 1.0 or 0.3`,
  );
};

const MOST_EXTENSIONS = 32;

export const extensionsIn = (text: string): readonly string[] =>
  text
    .split(',')
    .map((uri) => uri.trim())
    .filter((uri) => uri !== '')
    .slice(0, MOST_EXTENSIONS);

/** Of a card. `both`: who does not say may be a reader of either version. */
export const versionOfCard = (text: string): Version | 'both' => (text.trim() === '' ? 'both' : versionOf(text));

/** Where cards of 0.2 were. */
export const isOldPath = (url: string): boolean => url.split('?')[0]!.endsWith('/.well-known/agent.json');
