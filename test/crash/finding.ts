/** What a round found that must not be. */

/** `lost`: acknowledged and gone. `doubled`: ran more often than once. `wrong`: any other promise that was broken. */
export interface Finding {
  readonly what: 'lost' | 'doubled' | 'wrong';
  readonly text: string;
}
