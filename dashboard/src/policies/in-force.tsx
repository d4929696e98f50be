/** Where the newest snapshot runs: a change of policy is a fact once every connected node says so. */
import type { JSX } from 'react';
import { Text } from '../parts/text.tsx';
import { useInForce } from './queries.ts';

const NAMED = 5;

export const InForce = (): JSX.Element | null => {
  const { data } = useInForce();
  if (data === undefined) return null;
  const { nodes, snapshotSeq } = data;
  const alive = nodes.filter(({ state }) => state === 'alive');
  const missing = alive.filter((one) => one.snapshotSeq < snapshotSeq);
  const silent = nodes.filter(({ state }) => state === 'silent').length;
  const have = alive.length - missing.length;
  return (
    <div role="status">
      <p className={missing.length > 0 ? 'warn' : 'faint'}>
        Snapshot <span className="num">{snapshotSeq}</span> is in force on the hub
        {alive.length > 0 && ` and ${have} of ${alive.length} connected ${alive.length === 1 ? 'node' : 'nodes'}`}
        {silent > 0 && `; ${silent} more ${silent === 1 ? 'is' : 'are'} silent`}.
      </p>
      {missing.slice(0, NAMED).map(({ node: { id }, snapshotSeq: has, refused }) => (
        <p key={id} className="warn">
          <Text of={id} most={60} />: <Text of={refused ?? `it runs snapshot ${has}`} most={300} />
        </p>
      ))}
    </div>
  );
};
