/** Capabilities as tools: which of those that a caller may call stands for each in a list, and who gets a call for one. */
import {
  type ChosenProvider,
  type Directory,
  Fault,
  type OperationEntry,
  type Principal,
  type TargetEntry,
} from '../../contract/index.ts';
import { CODES } from '../../dialects/mcp/index.ts';
import { type Json, Refusal } from './message.ts';

export interface Offered {
  readonly capability: string;
  readonly target: TargetEntry;
  readonly operation: OperationEntry;
}

/** In `_meta` of `tools/call`: the range of versions that is wanted. */
export const RANGE = 'airspace.dev/range';

/** A capability that is asked for by a tool, and whom its call goes to. */
export interface Provided {
  readonly asked: { readonly name: string; readonly range: string | null };
  readonly chosen: ChosenProvider;
}

/** Of each capability the highest version, a stable one where there is any: its words describe the tool. */
export const bestOf = (visible: readonly TargetEntry[]): readonly Offered[] => {
  const best = new Map<string, Offered & { readonly version: string }>();
  for (const target of visible)
    for (const operation of target.operations)
      for (const { capability, version } of operation.provides ?? []) {
        const known = best.get(capability);
        if (known === undefined || isAbove(version, known.version))
          best.set(capability, { capability, target, operation, version });
      }
  return [...best.values()];
};

/** Numbers decide between stable versions; the order of pre-releases matters to nobody who does not name one. */
const isAbove = (a: string, b: string): boolean => {
  const [one, other] = [partsOf(a), partsOf(b)];
  const at = one.findIndex((part, index) => part !== other[index]);
  return at >= 0 && one[at]! > other[at]!;
};

const partsOf = (version: string): readonly number[] => {
  const [numbers = '', ...pre] = version.split('-');
  return [pre.length === 0 ? 1 : 0, ...numbers.split('.').map(Number)];
};

/** Throws Refusal for what nobody provides for this caller. */
export const providedBy = (directory: Directory, principal: Principal, name: string, meta: Json): Provided => {
  const said = meta[RANGE];
  if (said !== undefined && typeof said !== 'string')
    throw refused(`\`_meta["${RANGE}"]\` must be a range such as "^2"`);
  const asked = { name, range: said ?? null };
  try {
    return { asked, chosen: directory.provider(principal, asked) };
  } catch (thrown) {
    if (thrown instanceof Fault && (thrown.code === 'not_found' || thrown.code === 'bad_request'))
      throw refused(thrown.message);
    throw thrown;
  }
};

const refused = (message: string): Refusal => new Refusal(200, { code: CODES.invalidParams, message });
