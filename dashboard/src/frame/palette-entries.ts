/** What there is to find: as far as whoever looks may see it, and to do: as far as they may. */
import { useMemo, useRef } from 'react';
import type { ApprovalCard, PolicyOverview, ReleaseView } from '../../../src/contract/index.ts';
import { live } from '../api/live.ts';
import { useApprovals, useTargets } from '../api/queries.ts';
import { useLive } from '../api/use-live.ts';
import type { DescribedTarget } from '../api/views.ts';
import { type Findable, requestIn } from '../model/palette.ts';
import { digits, shortId } from '../policies/commands.ts';
import { whyNot } from '../policies/may.ts';
import { useOverview, useReleases } from '../policies/queries.ts';
import { openRelease, stateText } from '../policies/releases.ts';
import { draftsOf } from '../policies/use-draft.ts';
import { type Account, useAccount } from './account.ts';
import { useGo } from './params.ts';
import { SCREENS } from './screens.ts';
import { signOut } from './sign-out.ts';

export interface Entry extends Findable {
  readonly id: string;
  readonly keys?: string;
  readonly run: () => void;
}

interface Acts {
  readonly onTheme: () => void;
  readonly onHelp: () => void;
}

type Go = (to: string) => void;

/** The same entries stay the same ones while calls come in, so that what is highlighted stays so. */
export const useEntries = (asked: string, acts: Acts): readonly Entry[] => {
  const account = useAccount();
  const targets = useTargets().data?.items;
  const approvals = useApprovals().data?.items;
  const overview = useOverview().data;
  const releases = useReleases().data?.items;
  const { isPaused } = useLive();
  const go = useGo();
  const latest = useRef({ ...acts, go });
  latest.current = { ...acts, go };
  return useMemo(() => {
    const to: Go = (path) => latest.current.go(path);
    return [
      ...request(asked, to),
      ...screens(to),
      ...(overview === undefined ? [] : policies(overview, releases ?? [], account, to)),
      ...waiting(approvals ?? [], to),
      ...known(targets ?? [], to),
      act('hold', isPaused ? 'Let the picture move again' : 'Hold the picture still', () => live.pause(!isPaused), 'p'),
      act('theme', 'Dark or light', () => latest.current.onTheme(), 't'),
      act('keys', 'Show all keys', () => latest.current.onHelp(), '?'),
      act('leave', 'Sign out', () => signOut(account.csrf)),
    ];
  }, [asked, account, targets, approvals, overview, releases, isPaused]);
};

const act = (id: string, label: string, run: () => void, keys?: string): Entry => ({
  ...{ id: `do ${id}`, kind: 'do', label, hint: '', run },
  ...(keys === undefined ? {} : { keys }),
});

const screens = (go: Go): readonly Entry[] =>
  SCREENS.map(({ id, name, path, key }) => ({
    ...{ id: `screen ${id}`, kind: 'screen', label: name, hint: '', keys: `g ${key}`, run: () => go(path) },
  }));

/** Nobody asks the hub about every letter: what has the form of an id is offered, and the screen says whether it is there. */
const request = (asked: string, go: Go): readonly Entry[] => {
  const id = requestIn(asked);
  if (id === undefined) return [];
  return [{ id: `request ${id}`, kind: 'request', label: id, hint: 'its trace', run: () => go(`/requests/${id}`) }];
};

const policies = (
  { items }: PolicyOverview,
  releases: readonly ReleaseView[],
  account: Account,
  go: Go,
): readonly Entry[] => {
  const open = openRelease(releases);
  const mayMove = whyNot(account, 'move') === undefined;
  return [
    ...items.map(({ name, level, version }) => ({
      ...{ id: `policy ${name}`, kind: 'policy', label: name, hint: `level ${level}, v${version}` },
      run: () => go(`/policies?sel=${name}`),
    })),
    ...(open === undefined
      ? []
      : [
          {
            ...{ id: `release ${open.id}`, kind: 'release', label: shortId(open.id), hint: stateText(open) },
            run: () => go(`/policies?release=${digits(open.id)}`),
          },
        ]),
    ...(open !== undefined && mayMove && !open.stale && !open.needsApproval
      ? [
          act('part', `Activate a part of release ${shortId(open.id)} …`, () =>
            go(`/policies?release=${digits(open.id)}&do=part`),
          ),
          act('full', `Activate release ${shortId(open.id)} for all …`, () =>
            go(`/policies?release=${digits(open.id)}&do=full`),
          ),
        ]
      : []),
    ...(whyNot(account, 'stage') === undefined
      ? draftsOf(account.tenant, account.id)
          .filter((name) => items.some((one) => one.name === name))
          .map((name) =>
            act(`stage ${name}`, `Stage the draft of ${name} …`, () =>
              go(`/policies?sel=${name}&release=draft&do=stage`),
            ),
          )
      : []),
    ...(mayMove ? [act('rollback', 'Roll policy back …', () => go('/policies?view=history&do=back'))] : []),
  ];
};

const waiting = (cards: readonly ApprovalCard[], go: Go): readonly Entry[] =>
  cards
    .filter(({ state }) => state === 'pending')
    .map(({ id, target, caller }) => ({
      ...{ id: `approval ${id}`, kind: 'approval', label: target, hint: `${caller} waits` },
      run: () => go(`/approvals?sel=${id}`),
    }));

const known = (targets: readonly DescribedTarget[], go: Go): readonly Entry[] => [
  ...targets.map(({ kind, name, domain }) => ({
    ...{ id: `${kind} ${name}`, kind, label: name, hint: domain === '' ? '' : `domain ${domain}` },
    run: () => go(`/agents?sel=${encodeURIComponent(`${kind}/${name}`)}`),
  })),
  ...[...new Set(targets.map(({ domain }) => domain))]
    .filter((domain) => domain !== '')
    .map((domain) => ({
      ...{ id: `domain ${domain}`, kind: 'domain', label: domain, hint: 'its requests' },
      run: () => go(`/requests?filter=${encodeURIComponent(`domain:${domain}`)}`),
    })),
];
