/** Without the members that are undefined: in JSON they are not there, and the types of messages say the same. */
export const present = <T extends object>(
  fields: T,
): { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
} => Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never;
