/** Names as they stand in columns that are searched: an index has room for so much, and a caller may say names of any length. */

const MOST = 128;

/** Two long names may become one here; what is read says which it is. */
export const searched = (name: string): string => (name.length > MOST ? name.slice(0, MOST) : name);
