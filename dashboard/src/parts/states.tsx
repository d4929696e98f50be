/** What a screen shows when it has nothing to show: why, and what to do about it. */
import type { JSX, ReactNode } from 'react';
import { Problem } from '../api/client.ts';
import { Copy } from './copy.tsx';
import { Text } from './text.tsx';

/** As tall as what comes, so that nothing jumps. */
export const Loading = ({ rows = 6 }: { readonly rows?: number }): JSX.Element => (
  <div className="state loading" role="status">
    <span className="hidden">loading</span>
    {Array.from({ length: rows }, (_, at) => (
      // biome-ignore lint/suspicious/noArrayIndexKey: all of them are alike
      <i key={at} />
    ))}
  </div>
);

interface EmptyProps {
  readonly title: string;
  readonly children?: ReactNode;
  /** What makes it less empty. */
  readonly command?: string;
}

export const Empty = ({ title, children, command }: EmptyProps): JSX.Element => (
  <div className="state">
    <strong>{title}</strong>
    {children !== undefined && <p>{children}</p>}
    {command !== undefined && <Copy text={command} />}
  </div>
);

interface FailedProps {
  readonly thrown: unknown;
  readonly onRetry?: () => void;
}

/** Turned away, or something went wrong: in the words of the node. */
export const Failed = ({ thrown, onRetry }: FailedProps): JSX.Element => {
  const problem = thrown instanceof Problem ? thrown : new Problem(0, 'internal', String(thrown));
  const isForbidden = problem.status === 403;
  return (
    <div className="state" role="alert">
      <strong>
        {isForbidden ? 'Not for you to see' : problem.code === 'not_found' ? 'Not here' : 'This did not work'}
      </strong>
      <p>
        <Text of={problem.message} most={1_000} />
      </p>
      {isForbidden && <p className="faint">An administrator gives roles: `airspace get users` says who has which.</p>}
      {problem.callId !== '' && <p className="mono">request {problem.callId}</p>}
      {!isForbidden && onRetry !== undefined && (
        <button type="button" className="plain" onClick={onRetry}>
          Try again
        </button>
      )}
    </div>
  );
};
