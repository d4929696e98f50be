/** W3C `traceparent`, read by table because every call pays for it. */
import type { TraceContext } from '../../contract/index.ts';

const IS_HEX = new Uint8Array(128);
for (const digit of '0123456789abcdef') IS_HEX[digit.charCodeAt(0)] = 1;

const DASH = 0x2d;
const ZERO = 0x30;

/** All lower-case hex, and not all zeros. */
const isId = (text: string, from: number, to: number): boolean => {
  let nonZero = false;
  for (let at = from; at < to; at++) {
    const code = text.charCodeAt(at);
    if (IS_HEX[code] !== 1) return false;
    nonZero ||= code !== ZERO;
  }
  return nonZero;
};

const isHex = (text: string, at: number): boolean =>
  IS_HEX[text.charCodeAt(at)] === 1 && IS_HEX[text.charCodeAt(at + 1)] === 1;

/** Undefined when the header is not valid: the caller then begins a trace of its own, as the recommendation says. */
export const parseTraceparent = (text: string): TraceContext | undefined => {
  if (text.length < 55 || text.length > 512) return undefined;
  if (!isHex(text, 0) || text.startsWith('ff')) return undefined;
  const version0 = text.startsWith('00');
  if (version0 ? text.length !== 55 : text.length > 55 && text.charCodeAt(55) !== DASH) return undefined;
  if (text.charCodeAt(2) !== DASH || text.charCodeAt(35) !== DASH || text.charCodeAt(52) !== DASH) return undefined;
  if (!isId(text, 3, 35) || !isId(text, 36, 52) || !isHex(text, 53)) return undefined;
  return {
    trace: text.slice(3, 35),
    parentSpan: text.slice(36, 52),
    sampled: (Number.parseInt(text.slice(53, 55), 16) & 1) === 1,
  };
};
