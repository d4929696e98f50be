/** Refuses policy texts that Cedar's parser would break down on: it is recursive and runs on a small stack. */
import type { Source } from './position.ts';

/**
 * Per policy. Measured with 4.13: it traps at about 150 nested brackets, 600 nested ifs or 1,000 chained operators;
 * together these two limits stay well below that, and well above what people write.
 */
const MAX_BRACKETS = 40;
const MAX_OPERATORS = 300;

/** The string part cannot fail once begun, so that a text full of quotes takes linear time. */
const TOKENS =
  /"(?:[^"\\]|\\.?)*"?|\/\/[^\n]*|(?<open>[([{])|(?<close>[)\]}])|(?<end>;)|(?<operator>&&|\|\||[=!<>]=|[<>.+*!-]|\b(?:if|has|in|is|like|when|unless)\b)/gs;

/** What is too large and where, or undefined. */
export const sizeProblem = (source: Source): { readonly at: number; readonly message: string } | undefined => {
  let brackets = 0;
  let operators = 0;
  for (const { index, groups = {} } of source.text.matchAll(TOKENS)) {
    if (groups['open']) brackets += 1;
    if (groups['close']) brackets -= 1;
    if (groups['operator']) operators += 1;
    if (groups['end']) [brackets, operators] = [0, 0];
    if (brackets > MAX_BRACKETS)
      return { at: index, message: `brackets nest deeper than ${MAX_BRACKETS}; split the policy` };
    if (operators > MAX_OPERATORS)
      return {
        at: index,
        message: `more than ${MAX_OPERATORS} operators in one policy; split it, or use a set: ["a", "b"].contains(...)`,
      };
  }
  return undefined;
};
