/** The frame around every screen, and which screen an address means. */
import { type JSX, lazy, Suspense, useEffect, useState } from 'react';
import { Route, Switch, useLocation } from 'wouter';
import { live } from './api/live.ts';
import { useLive } from './api/use-live.ts';
import { Bar } from './frame/bar.tsx';
import { Help } from './frame/help.tsx';
import { useKeys } from './frame/keys.ts';
import { useGo, useRange } from './frame/params.ts';
import { Rail } from './frame/rail.tsx';
import { SCREENS, screenAt } from './frame/screens.ts';
import { useTheme } from './frame/theme.ts';
import { Empty, Loading } from './parts/states.tsx';
import { RequestsScreen } from './requests/screen.tsx';
import { TraceScreen } from './trace/screen.tsx';

/** Screens that are loaded when somebody opens them, by where they are. */
const LATER = {
  '/': () => import('./topology/screen.tsx').then((it) => ({ default: it.TopologyScreen })),
  '/policies': () => import('./policies/screen.tsx').then((it) => ({ default: it.PoliciesScreen })),
  '/approvals': () => import('./approvals/screen.tsx').then((it) => ({ default: it.ApprovalsScreen })),
  '/budgets': () => import('./budgets/screen.tsx').then((it) => ({ default: it.BudgetsScreen })),
  '/agents': () => import('./agents/screen.tsx').then((it) => ({ default: it.AgentsScreen })),
  '/compare': () => import('./compare/screen.tsx').then((it) => ({ default: it.CompareScreen })),
  '/incidents': () => import('./incidents/screen.tsx').then((it) => ({ default: it.IncidentsScreen })),
  '/audit': () => import('./audit/screen.tsx').then((it) => ({ default: it.AuditScreen })),
} as const satisfies Readonly<Record<string, Parameters<typeof lazy>[0]>>;

const LAZY = Object.entries(LATER).map(([path, load]) => [path, lazy(load)] as const);

/** The first screen comes while it is found out who looks. Where it does not, its own place says so. */
export const fetchFirst = (path: string): void => {
  const load = new Map<string, () => Promise<unknown>>(Object.entries(LATER)).get(path || '/');
  load?.().catch(() => {});
};

export const App = (): JSX.Element => {
  const [path] = useLocation();
  const go = useGo();
  const [, turnTheme] = useTheme();
  const [isHelping, setHelping] = useState(false);
  const { isPaused } = useLive();
  const { range } = useRange();
  const screen = screenAt(path);
  useEffect(() => {
    void live.start(range.ms);
    return () => live.stop();
  }, [range.ms]);
  useEffect(() => {
    document.title = `${screen?.name ?? 'Nothing here'} · Airspace`;
  }, [screen]);
  useKeys({
    ...{ t: turnTheme, p: () => live.pause(!isPaused), '?': () => setHelping(true) },
    '/': () => document.querySelector<HTMLElement>('[data-filter]')?.focus(),
    ...Object.fromEntries(SCREENS.map(({ key, path: to }) => [`g ${key}`, () => go(to)])),
  });
  return (
    <div className="shell">
      <a className="skip" href="#main">
        Skip to content
      </a>
      <Rail current={screen} />
      <Bar onTheme={turnTheme} onHelp={() => setHelping(true)} />
      <main id="main" className="main" tabIndex={-1}>
        <h1 className="hidden">{screen?.name ?? 'Nothing here'}</h1>
        <Broken />
        <Suspense fallback={<Loading />}>
          <Switch>
            <Route path="/requests" component={RequestsScreen} />
            <Route path="/requests/:id" component={TraceScreen} />
            {LAZY.map(([path, Screen]) => (
              <Route key={path} path={path} component={Screen} />
            ))}
            <Route>
              <Empty title="There is no such screen">Choose one on the left.</Empty>
            </Route>
          </Switch>
        </Suspense>
      </main>
      <Help isOpen={isHelping} onClose={() => setHelping(false)} />
    </div>
  );
};

/** Nothing new comes, and everybody should know that what they see is old. */
const Broken = (): JSX.Element | null => {
  const { state, events, nowMs } = useLive();
  if (state !== 'reconnecting') return null;
  const newest = events.at(-1);
  const since =
    newest === undefined
      ? ''
      : `; the newest call is ${Math.max(0, Math.round((nowMs - newest.startedAtMs) / 1_000))} s old`;
  return (
    <p className="stale" role="alert">
      The stream of calls is broken, reconnecting{since}.
    </p>
  );
};
