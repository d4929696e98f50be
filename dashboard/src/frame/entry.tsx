/** Lets nobody see a screen before it is known who they are; whoever is nobody goes to the login, and comes back here. */
import { type JSX, type ReactNode, useEffect, useMemo } from 'react';
import { Problem } from '../api/client.ts';
import { useSession, useWhoAmI } from '../api/queries.ts';
import { useLive } from '../api/use-live.ts';
import { Failed, Loading } from '../parts/states.tsx';
import { AccountContext } from './account.ts';

const isStranger = (thrown: unknown): boolean => thrown instanceof Problem && thrown.status === 401;

/** The login takes no plus in an address; a space is the same. */
const here = (): string => encodeURIComponent(location.pathname + location.search.replaceAll('+', '%20'));

export const Entry = ({ children }: { readonly children: ReactNode }): JSX.Element => {
  const session = useSession();
  const who = useWhoAmI();
  // Also whoever was somebody: a session ends while its page is open.
  const { problem: late } = useLive();
  const stranger = [session.error, who.error, late].some(isStranger);
  useEffect(() => {
    if (stranger) location.assign(`/login?to=${here()}`);
  }, [stranger]);
  const account = useMemo(
    () =>
      session.data === undefined || who.data === undefined
        ? undefined
        : { ...session.data, holds: who.data.holds, administers: who.data.administers },
    [session.data, who.data],
  );
  const problem = session.error ?? who.error;
  if (stranger) return <Plain>you are not logged in; going to the login …</Plain>;
  if (problem !== null) return <Failed thrown={problem} onRetry={() => location.reload()} />;
  if (account === undefined) return <Loading />;
  return <AccountContext value={account}>{children}</AccountContext>;
};

const Plain = ({ children }: { readonly children: ReactNode }): JSX.Element => (
  <div className="state" role="status">
    <p>{children}</p>
  </div>
);
