/** JSON pointers (RFC 6901): the whole language in which a fact says where its question and its answer come from. */

/** Undefined when nothing is there. Looks at own properties only: documents come from callers and targets. */
export const at = (document: unknown, pointer: string): unknown =>
  pointer
    .split('/')
    .slice(1)
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce<unknown>(
      (value, token) =>
        typeof value === 'object' && value !== null && Object.hasOwn(value, token) && !isLength(value, token)
          ? Reflect.get(value, token)
          : undefined,
      document,
    );

/** The one own property of a list that is not one of its items. */
const isLength = (value: object, token: string): boolean => Array.isArray(value) && token === 'length';
