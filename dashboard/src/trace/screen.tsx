/** One request on a page of its own. */
import type { JSX } from 'react';
import { Link, useParams } from 'wouter';
import { useKeys } from '../frame/keys.ts';
import { useGo, useHref } from '../frame/params.ts';
import { TracePanel } from './panel.tsx';

export const TraceScreen = (): JSX.Element => {
  const { id = '' } = useParams<{ id: string }>();
  const go = useGo();
  const href = useHref();
  useKeys({ Escape: () => go('/requests') });
  return (
    <section className="panel whole" aria-label="Trace">
      <TracePanel
        id={id}
        actions={
          <Link className="plain" href={href('/requests')}>
            All requests
          </Link>
        }
      />
    </section>
  );
};
