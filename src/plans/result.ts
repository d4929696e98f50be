/** What a step or a run answers, as its history keeps it. */
import { hash } from 'node:crypto';
import type { RunBlob, StepResult } from '../contract/index.ts';

/** Longer JSON stands beside the history, under its digest. */
export const MOST_INLINE = 65_536;
/** What expressions read as a whole: more is passed on, and not looked into. */
export const MOST_READ = 4 * 1024 * 1024;
export const JSON_TYPE = 'application/json';

export const jsonResult = (
  json: unknown,
  taint: readonly string[],
): { readonly result: StepResult; readonly blob: RunBlob | undefined } => {
  const text = JSON.stringify(json) ?? 'null';
  const body = new TextEncoder().encode(text);
  const digest = hash('sha256', body, 'hex');
  const isSmall = body.byteLength <= MOST_INLINE;
  const result = { contentType: JSON_TYPE, bytes: body.byteLength, digest, taint };
  return {
    result: isSmall ? { ...result, json: text } : result,
    blob: isSmall ? undefined : { digest, contentType: JSON_TYPE, body },
  };
};

/** JSON as it came, or a text that is none, as JSON. */
export const textResult = (text: string, taint: readonly string[]): StepResult =>
  jsonResult(jsonIn(text), taint).result;

const jsonIn = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
};

export const unionOf = (...marks: readonly (readonly string[])[]): readonly string[] =>
  [...new Set(marks.flat())].sort();

/** Nodes tell each other no more labels of one call. */
export const MOST_LABELS = 64;

/** Labels that people gave to data come first, for rules are about those. Undefined: not even they fit, and a call without them would be a lie. */
export const toldOf = (taint: readonly string[]): readonly string[] | undefined => {
  if (taint.length <= MOST_LABELS) return taint;
  const labels = taint.filter((one) => one.startsWith('data-'));
  if (labels.length > MOST_LABELS) return undefined;
  return [...labels, ...taint.filter((one) => !one.startsWith('data-'))].slice(0, MOST_LABELS);
};
