/** Headers that say which A2A is spoken. */
import type { Call } from '../../contract/index.ts';
import { EXTENSIONS_HEADER, EXTENSIONS_HEADER_03, VERSION_HEADER } from '../../dialects/a2a/index.ts';
import type { Plan } from './cards.ts';

/** 0.3 calls extensions otherwise; some agents of it know the newer name as well. */
export const sentHeaders = ({ version }: Plan, call: Call): string[] => {
  const extensions = call.headers.find(([name]) => name === EXTENSIONS_HEADER || name === EXTENSIONS_HEADER_03)?.[1];
  const out = [VERSION_HEADER, version];
  if (extensions === undefined) return out;
  out.push(EXTENSIONS_HEADER, extensions);
  if (version === '0.3') out.push(EXTENSIONS_HEADER_03, extensions);
  return out;
};
