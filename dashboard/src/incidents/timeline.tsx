/** How it came and went: states one after the other, as a bar over time and in words. */
import type { JSX } from 'react';
import { coarse, instant, stamp } from '../model/format.ts';
import { breakerWord, type IncidentRow } from '../model/incidents.ts';
import { Standing } from '../parts/standing.tsx';

interface Stage {
  readonly atMs: number;
  readonly word: string;
  readonly mood: 'ok' | 'warn' | 'bad';
}

export const Timeline = ({ row, nowMs }: { readonly row: IncidentRow; readonly nowMs: number }): JSX.Element | null => {
  const stages = stagesOf(row);
  if (stages.length === 0) return null;
  const fromMs = stages[0]!.atMs;
  const toMs = Math.max(fromMs + 1_000, row.endedMs ?? nowMs);
  const lengths = stages.map(({ atMs }, at) => Math.max(0, (stages[at + 1]?.atMs ?? toMs) - atMs));
  return (
    <>
      <h3>How it went</h3>
      <div className="stages" aria-hidden="true">
        {stages.map(({ atMs, mood, word }, at) => (
          <i key={`${atMs}${word}`} className={mood} style={{ flexGrow: Math.max(1, lengths[at]!) }} />
        ))}
      </div>
      <ol className="stage-list">
        {stages
          .map((stage, at) => ({ ...stage, lastedMs: lengths[at]!, isLast: at === stages.length - 1 }))
          .toReversed()
          .map(({ atMs, word, mood, lastedMs, isLast }) => (
            <li key={`${atMs}${word}`}>
              <span className="num mute" title={instant(atMs)}>
                {stamp(atMs)}
              </span>
              <Standing mood={mood} word={word} />
              <span className="num faint">
                {isLast && row.endedMs === null ? 'until now' : isLast ? '' : coarse(lastedMs)}
              </span>
            </li>
          ))}
      </ol>
    </>
  );
};

const moodOf = (state: string): Stage['mood'] => (state === 'open' ? 'bad' : state === 'closed' ? 'ok' : 'warn');

const stagesOf = ({ of, sinceMs, endedMs }: IncidentRow): readonly Stage[] => {
  if (of.kind === 'breaker')
    return of.breaker.changes.toReversed().map(({ atMs, to }) => ({ atMs, word: breakerWord(to), mood: moodOf(to) }));
  if (of.kind !== 'alert' || sinceMs === null) return [];
  const firing: Stage = { atMs: sinceMs, word: 'firing', mood: of.incident.severity === 'page' ? 'bad' : 'warn' };
  const { acknowledged } = of.incident;
  return [
    firing,
    ...(acknowledged === undefined ? [] : [{ atMs: acknowledged.atMs, word: 'acknowledged', mood: 'warn' } as const]),
    ...(endedMs === null ? [] : [{ atMs: endedMs, word: 'over', mood: 'ok' } as const]),
  ];
};
