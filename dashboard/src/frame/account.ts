/** Who looks, and what they may do: known before any screen is drawn. */
import { createContext, useContext } from 'react';
import type { Session } from '../api/views.ts';

export interface Account extends Session {
  /** Roles of the admin interface. */
  readonly holds: readonly string[];
  /** Domains that they look after without any role. */
  readonly administers: readonly string[];
}

export const AccountContext = createContext<Account>({
  tenant: '',
  id: '',
  roles: [],
  csrf: '',
  holds: [],
  administers: [],
});

export const useAccount = (): Account => useContext(AccountContext);
