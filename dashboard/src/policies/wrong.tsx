/** What the hub said no to, in its words, with the number under which it wrote it down. */
import type { JSX } from 'react';
import { Problem } from '../api/client.ts';
import { Text } from '../parts/text.tsx';

export const Wrong = ({ error }: { readonly error: Error | null }): JSX.Element | null =>
  error === null ? null : (
    <p className="bad" role="alert">
      <Text of={error.message} most={2_000} />
      {error instanceof Problem && error.callId !== '' && <span className="num"> request {error.callId}</span>}
    </p>
  );
