/** Opens the run token that an agent sends back, or says what is wrong with it. Never is a bad one taken for none. */
import { Fault, HEADERS, type Principal } from '../contract/index.ts';
import type { Recent } from '../kernel/index.ts';
import { type HandedPlace, handedFrom } from './told.ts';

/** What was under a seal that holds. */
export interface Opened {
  readonly text: string;
  /** Could its issuer hand anything to this agent? */
  mayHandTo(tenant: string, agent: string): boolean;
  /** This node's own: what it says needs no further proof. */
  readonly own: boolean;
}

/** `elsewhere`: it may be good, and only that node can tell. */
export type OpenRun = (token: string) => Opened | { readonly elsewhere: string } | undefined;

export interface Returned extends HandedPlace {
  readonly own: boolean;
}

/** Throws `unauthenticated` for what nobody handed out or what is over, and `denied` for what somebody else was handed. */
export const returnedBy = (principal: Principal, token: string, ground: TokenGround, wallMs: number): Returned => {
  const returned = ground.opened.get(token) ?? openedNow(token, ground);
  const { tenant, agent, endsAtWallMs, lineage } = returned;
  if (principal.kind !== 'agent' || principal.tenant !== tenant || principal.id !== agent)
    throw new Fault(
      'denied',
      `the run token in \`${HEADERS.run}\` was handed to somebody else; ${principal.kind} \`${principal.id}\` must send its own, or none`,
      { facts: { code: 'RUN_TOKEN_OF_ANOTHER' } },
    );
  if (wallMs >= endsAtWallMs) throw bad(`is over, as is the time of its call tree \`${lineage.root}\``);
  return returned;
};

interface TokenGround {
  readonly openRun: OpenRun;
  readonly opened: Recent<Returned>;
}

const openedNow = (token: string, { openRun, opened }: TokenGround): Returned => {
  const found = openRun(token);
  if (found === undefined) throw bad('was handed out by no node here; send it back as it came with the call');
  if ('elsewhere' in found) throw bad(`can be read by node \`${found.elsewhere}\` only; call through that node`);
  const handed = handedFrom(found.text);
  if (handed === undefined || !found.mayHandTo(handed.tenant, handed.agent))
    throw bad('was handed out by no node here that may; send it back as it came with the call');
  const returned = { ...handed, own: found.own };
  opened.set(token, returned);
  return returned;
};

const bad = (why: string): Fault =>
  new Fault('unauthenticated', `the run token in \`${HEADERS.run}\` ${why}`, { facts: { code: 'RUN_TOKEN_INVALID' } });
