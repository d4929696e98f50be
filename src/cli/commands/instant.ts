/** Instants as people type them. */
import { usage } from '../failure.ts';
import { parseDuration } from '../render/time.ts';

/** Unix ms of `15m` ago, or of RFC 3339. Undefined when nothing was said. */
export const instantOf = (option: string, text: string | undefined): number | undefined => {
  if (text === undefined) return undefined;
  const ago = parseDuration(text);
  const at = ago === undefined ? Date.parse(text) : Date.now() - ago;
  if (!Number.isFinite(at)) throw usage(`${option} must be such as 15m or 2026-11-27T08:00:00Z, not \`${text}\``);
  return Math.max(0, Math.round(at));
};
