/** Takes a JSON object apart and puts it together without reading its values, so that no number in them changes. */

/**
 * Text of each member of an object by its name, in order. The text must be valid JSON without double keys, as `guardJson` checks;
 * undefined when it is no object.
 */
export const membersOf = (json: string): ReadonlyMap<string, string> | undefined => {
  let at = skip(json, 0);
  if (json[at] !== '{') return undefined;
  const members = new Map<string, string>();
  at = skip(json, at + 1);
  while (json[at] === '"') {
    const keyEnd = stringEnd(json, at);
    const key = JSON.parse(json.slice(at, keyEnd)) as string;
    const from = skip(json, skip(json, keyEnd) + 1);
    const end = valueEnd(json, from);
    members.set(key, json.slice(from, end));
    at = skip(json, end);
    if (json[at] === ',') at = skip(json, at + 1);
  }
  return members;
};

export const objectOf = (members: Iterable<readonly [string, string]>): string =>
  `{${[...members].map(([key, json]) => `${JSON.stringify(key)}:${json}`).join(',')}}`;

const skip = (json: string, from: number): number => {
  let at = from;
  while (json[at] === ' ' || json[at] === '\n' || json[at] === '\r' || json[at] === '\t') at++;
  return at;
};

const stringEnd = (json: string, from: number): number => {
  let at = from + 1;
  while (json[at] !== '"') at += json[at] === '\\' ? 2 : 1;
  return at + 1;
};

const valueEnd = (json: string, from: number): number => {
  const first = json[from];
  if (first === '"') return stringEnd(json, from);
  let at = from;
  if (first !== '{' && first !== '[') {
    while (at < json.length && !',}] \n\r\t'.includes(json[at]!)) at++;
    return at;
  }
  let depth = 0;
  do {
    const char = json[at];
    if (char === '"') at = stringEnd(json, at) - 1;
    else if (char === '{' || char === '[') depth++;
    else if (char === '}' || char === ']') depth--;
    at++;
  } while (depth > 0);
  return at;
};
