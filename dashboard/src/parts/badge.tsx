/** How something stands: always a word, and a colour that says the same. */
import type { JSX } from 'react';
import { Text } from './text.tsx';

const MOODS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    ...{ ok: 'ok', approved: 'ok', consumed: 'ok', allow: 'ok', ready: 'ok' },
    ...{
      held: 'warn',
      pending: 'warn',
      denied: 'warn',
      require_approval: 'warn',
      forbid: 'warn',
      deny: 'warn',
      part: '',
      expired: 'warn',
    },
    ...{ failed: 'bad', unknown: 'bad', refused: 'bad', running: 'info' },
  }),
);

/** `consumed` is a word of ours; people want to know that it ran. */
const WORDS: ReadonlyMap<string, string> = new Map([
  ['consumed', 'ran'],
  ['pending', 'waiting'],
  ['part', 'in part'],
  ['require_approval', 'needs approval'],
]);

export const Badge = ({ of }: { readonly of: string }): JSX.Element => (
  <span className={`badge ${MOODS.get(of) ?? ''}`}>
    <Text of={WORDS.get(of) ?? of} most={40} />
  </span>
);
