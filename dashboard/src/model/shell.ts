/** Words of a command as a shell takes them, for the clipboard. */

/** One word, whatever is in it: what is plain stands as it is, everything else in quotes that no shell looks into. */
export const quoted = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${shown(text).replaceAll("'", `'\\''`)}'`;

/** What a terminal would act on instead of reading it is not copied. */
export const shown = (text: string): string =>
  text.replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, (one) => ('\n\t'.includes(one) ? one : ''));
