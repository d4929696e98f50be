/** The desk's calculator: `+ - * /`, parentheses and decimals, parsed here so that a caller's text is never evaluated as code. */
import { pythonFloat } from './python-text.ts';
import { refuse } from './refusal.ts';

/** Deep enough for any bill, shallow enough that no text can exhaust the stack. Python's parser stops at the same depth. */
const maxDepth = 200;

/** The value of `expression` as a float rounded to two places: `calculate('10 / 4')` is `2.5`. Throws `Refusal`. */
export const calculate = (expression: string): string => {
  if (/[^0-9+\-*/(). ]/.test(expression)) refuse('invalid characters in expression');
  return pythonFloat(roundToCents(new Parser(expression).whole()));
};

/** Recursive descent, one method per line of the grammar; it computes as it reads. */
class Parser {
  readonly #tokens: readonly string[];
  #at = 0;
  #depth = 0;

  constructor(expression: string) {
    this.#tokens = expression.match(/\d+\.?\d*|\.\d+|[^ ]/g) ?? [];
  }

  /** whole = sum, and nothing after it */
  whole(): number {
    const value = this.#sum();
    if (this.#at < this.#tokens.length) refuse('invalid syntax');
    return Number.isFinite(value) ? value : refuse('result too large');
  }

  /** sum = product { ("+" | "-") product } */
  #sum(): number {
    let value = this.#product();
    for (;;) {
      if (this.#take('+')) value += this.#product();
      else if (this.#take('-')) value -= this.#product();
      else return value;
    }
  }

  /** product = signed { ("*" | "/") signed } */
  #product(): number {
    let value = this.#signed();
    for (;;) {
      if (this.#take('*')) value *= this.#signed();
      else if (this.#take('/')) value = divide(value, this.#signed());
      else return value;
    }
  }

  /** signed = { "+" | "-" } atom; a loop, because a row of signs may be as long as the caller likes */
  #signed(): number {
    let sign = 1;
    for (;;) {
      if (this.#take('-')) sign = -sign;
      else if (!this.#take('+')) return sign * this.#atom();
    }
  }

  /** atom = number | "(" sum ")" */
  #atom(): number {
    if (!this.#take('(')) return this.#number();
    if (++this.#depth > maxDepth) refuse('too many nested parentheses');
    const value = this.#sum();
    if (!this.#take(')')) refuse('invalid syntax');
    this.#depth--;
    return value;
  }

  #number(): number {
    const token = this.#tokens[this.#at++];
    return token !== undefined && /\d/.test(token) ? Number(token) : refuse('invalid syntax');
  }

  #take(token: string): boolean {
    if (this.#tokens[this.#at] !== token) return false;
    this.#at++;
    return true;
  }
}

const divide = (value: number, by: number): number => (by === 0 ? refuse('division by zero') : value / by);

/** Python rounds an exact half to the even neighbour and `toFixed` away from zero; in binary only odd eighths are exact halves. */
const roundToCents = (value: number): number => {
  if (Math.abs((value * 8) % 2) !== 1) return Number(value.toFixed(2));
  const below = Math.floor(value * 100);
  return (below % 2 === 0 ? below : below + 1) / 100;
};
