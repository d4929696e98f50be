/** Decisions that come out otherwise: by rule or by who called, and each example opens as a request. */
import { Toggle } from '@base-ui/react/toggle';
import { ToggleGroup } from '@base-ui/react/toggle-group';
import type { JSX } from 'react';
import { Link } from 'wouter';
import type { FlipGroup } from '../../../src/contract/index.ts';
import { useHref, useParam } from '../frame/params.ts';
import { clock, instant } from '../model/format.ts';
import { Text } from '../parts/text.tsx';

const arrow = (flip: string): string => flip.replaceAll('require_approval', 'hold').replace('->', ' → ');

export const Flips = ({ groups }: { readonly groups: readonly FlipGroup[] }): JSX.Element | null => {
  const [by, setBy] = useParam('by', 'rule');
  if (groups.length === 0) return null;
  return (
    <>
      <ToggleGroup
        className="segments"
        value={[by]}
        onValueChange={([id]) => id !== undefined && setBy(id)}
        aria-label="What comes out otherwise, by"
      >
        <Toggle value="rule">By rule</Toggle>
        <Toggle value="agent">By agent</Toggle>
      </ToggleGroup>
      {by === 'agent' ? <ByAgent groups={groups} /> : <ByRule groups={groups} />}
    </>
  );
};

const keyOf = ({ flip, was, now }: FlipGroup): string => `${flip} ${was.join(',')} ${now.join(',')}`;
const SHOWN = 60;

const ByRule = ({ groups }: { readonly groups: readonly FlipGroup[] }): JSX.Element => {
  const [open, setOpen] = useParam('flip');
  return (
    <ul className="flips">
      {groups.slice(0, SHOWN).map((group, at) => (
        <li key={keyOf(group)}>
          <button
            type="button"
            aria-expanded={open === String(at)}
            onClick={() => setOpen(open === String(at) ? '' : String(at))}
          >
            <span className="num right">{group.count}</span>
            <span className={`mark ${group.flip.endsWith('allow') ? 'warn' : ''}`}>{arrow(group.flip)}</span>
            <span className="rules">
              <Text of={group.now.join(', ')} most={200} />
              <span className="faint">
                {' '}
                was <Text of={group.was.join(', ')} most={200} />
              </span>
            </span>
          </button>
          {open === String(at) && <Calls group={group} />}
        </li>
      ))}
      {groups.length > SHOWN && <li className="faint">and {groups.length - SHOWN} more ways</li>}
    </ul>
  );
};

const Calls = ({ group: { calls, count, agents } }: { readonly group: FlipGroup }): JSX.Element => {
  const href = useHref();
  return (
    <div className="calls">
      <p className="faint">
        <Text of={agents.map(({ agent, count: times }) => `${agent} ${times}`).join(', ')} most={300} />
        {calls.length < count && ` · ${calls.length} of them to look at`}
      </p>
      <ul>
        {calls.map(({ call, agent, target, atMs }) => (
          <li key={`${call} ${target}`}>
            <Link href={href(`/requests/${call}`)}>
              <span className="num" title={instant(atMs)}>
                {clock(atMs)}
              </span>
              <span className="num">{call.slice(0, 8)}</span>
              <span>
                <Text of={agent} most={60} /> → <Text of={target} most={100} />
              </span>
            </Link>
          </li>
        ))}
      </ul>
    </div>
  );
};

/** Whom it would meet, the one whom it lets through more first. */
const ByAgent = ({ groups }: { readonly groups: readonly FlipGroup[] }): JSX.Element => {
  const agents = new Map<string, Map<string, number>>();
  for (const { flip, agents: met } of groups)
    for (const { agent, count } of met) {
      const counts = agents.get(agent) ?? new Map<string, number>();
      counts.set(flip, (counts.get(flip) ?? 0) + count);
      agents.set(agent, counts);
    }
  const wider = (counts: ReadonlyMap<string, number>): number => counts.get('deny->allow') ?? 0;
  const all = (counts: ReadonlyMap<string, number>): number => [...counts.values()].reduce((sum, one) => sum + one, 0);
  const rows = [...agents].sort(([, a], [, b]) => wider(b) - wider(a) || all(b) - all(a));
  return (
    <ul className="flips">
      {rows.slice(0, SHOWN).map(([agent, counts]) => (
        <li key={agent} className="agent">
          <span className="num right">{all(counts)}</span>
          <span>
            <Text of={agent} most={80} />
          </span>
          <span className="faint">{[...counts].map(([flip, count]) => `${arrow(flip)} ${count}`).join(' · ')}</span>
        </li>
      ))}
      {rows.length > SHOWN && <li className="faint">and {rows.length - SHOWN} more</li>}
    </ul>
  );
};
