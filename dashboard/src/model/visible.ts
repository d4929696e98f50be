/** Text of strangers as it is: what a reader would not see, or see in another order, stands there by its number. */

/** Controls, format characters that turn or hide text, line separators, private use, and halves of characters. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}]/u;
const RUNS = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}]|[^\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}]+/gu;

export interface Run {
  readonly text: string;
  /** It is the number of a character that was here. */
  readonly isNumber: boolean;
}

/** `keep`: characters that stay although nobody sees them, such as line breaks in a block of text. */
export const runsOf = (text: string, keep = ''): readonly Run[] =>
  [...text.matchAll(RUNS)].map(([run]) =>
    UNSEEN.test(run) && !keep.includes(run) ? { text: numberOf(run), isNumber: true } : { text: run, isNumber: false },
  );

export const numberOf = (character: string): string =>
  `U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}`;

/** The same for places that take no markup: labels, titles, the name of a window. */
export const plain = (text: string): string =>
  runsOf(text)
    .map((run) => run.text)
    .join('');

/** Longest piece of a stranger's text in a row or a title. */
export const MOST_SHOWN = 300;

/** Cut to what a row can hold, and it is said how much is missing. */
export const cut = (text: string, most = MOST_SHOWN): string =>
  text.length <= most ? text : `${text.slice(0, most)}… ${text.length - most} more characters`;
