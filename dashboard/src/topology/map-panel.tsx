/** The map in one of its forms, or the same as a table: by itself where there is more than a picture can hold. */
import { Toggle } from '@base-ui/react/toggle';
import { ToggleGroup } from '@base-ui/react/toggle-group';
import { type JSX, useMemo } from 'react';
import type { TopRead } from '../../../src/contract/index.ts';
import { useNodes } from '../api/nodes.ts';
import { useStatus } from '../api/queries.ts';
import { useLive } from '../api/use-live.ts';
import type { DescribedTarget } from '../api/views.ts';
import { useParam } from '../frame/params.ts';
import { byForm, FORMS, type Form, type Ground } from '../model/forms.ts';
import { nodesSeen } from '../model/layouts.ts';
import type { LitPath } from '../model/lit.ts';
import { MOST_NODES } from '../model/map.ts';
import { trafficOf } from '../model/traffic.ts';
import { Icon } from '../parts/icon.tsx';
import { Empty } from '../parts/states.tsx';
import { FlowMap } from './flow-map.tsx';
import { FlowTable } from './flow-table.tsx';
import { FormSwitch, Missing, Quiet, ROLES, Unheard } from './forms.tsx';
import { MapLegend } from './legend.tsx';
import { useTold } from './told.ts';

/** Long enough to be steady, short enough to show what is. */
export const WINDOW_MS = 60_000;

interface PanelProps {
  readonly targets: readonly DescribedTarget[];
  readonly top: TopRead | undefined;
  readonly lit: LitPath | null;
  /** The selected request; empty: none. */
  readonly selected: string;
  readonly onForget: () => void;
}

export const MapPanel = ({ targets, top, lit, selected, onForget }: PanelProps): JSX.Element => {
  const { events, nowMs, fromMs, isPaused } = useLive();
  const nodes = useNodes(isPaused).data ?? NOBODY;
  const status = useStatus().data;
  const [asked, setForm] = useParam('form', 'hub');
  const [view, setView] = useParam('view', 'map');
  const [shut, turn, shutAll] = useShut(targets);
  const form = FORMS.find(({ id }) => id === asked)?.id ?? 'hub';
  const window = useMemo(() => ({ nowMs, windowMs: WINDOW_MS, fromMs }), [nowMs, fromMs]);
  const parts = useMemo(
    () => byForm(events.filter((one) => one.startedAtMs + one.durationMs >= nowMs - WINDOW_MS)),
    [events, nowMs],
  );
  const traffic = useMemo(() => trafficOf(parts[form], window), [parts, form, window]);
  const perSecond = useMemo(() => ratesOf(parts, traffic.windowMs), [parts, traffic.windowMs]);
  const ground = useMemo<Ground>(
    () => ({
      domainOf: new Map(targets.map(({ kind, name, domain }) => [`${kind}/${name}`, domain])),
      ...{ nodes: new Map(nodes.map((node) => [node.id, node])), shut },
    }),
    [targets, nodes, shut],
  );
  const told = useTold({ form, nodes, top, events, nowMs, snapshotSeq: status?.snapshotSeq ?? 0 });
  const seen = nodesSeen(targets, shut);
  const isTooMany = seen > MOST_NODES;
  const isMap = view === 'map' && !isTooMany;
  const isMissing = form !== 'hub' && parts[form].length === 0 && !nodes.some(({ role }) => role === ROLES[form]);
  return (
    <section className="panel map-panel" aria-label="Map">
      <header>
        <h2>Topology</h2>
        <FormSwitch form={form} perSecond={perSecond} onForm={setForm} />
        <span className="faint num" title={parts.none === 0 ? undefined : STOPPED}>
          {Math.round(traffic.windowMs / 1_000)} s{parts.none > 0 && ` · ${parts.none} went nowhere`}
        </span>
        <span className="grow" />
        {selected !== '' && (
          <span className="chip">
            path of <b className="num">{selected.slice(0, 8)}</b>
            <button type="button" aria-label="show no path" onClick={onForget}>
              <Icon name="close" size={10} />
            </button>
          </span>
        )}
        <ToggleGroup
          className="segments"
          value={[isMap ? 'map' : 'table']}
          onValueChange={([to]) => to !== undefined && setView(to)}
          aria-label="View"
        >
          <Toggle
            value="map"
            disabled={isTooMany}
            title={isTooMany ? `more than ${MOST_NODES} cannot be read on a map` : undefined}
          >
            Map
          </Toggle>
          <Toggle value="table">Table</Toggle>
        </ToggleGroup>
      </header>
      {isTooMany && (
        <p className="quiet" role="status">
          {seen} agents, models and tools: more than {MOST_NODES} cannot be read on a map.{' '}
          <button type="button" className="plain" onClick={shutAll}>
            Shut all domains
          </button>
        </p>
      )}
      {form !== 'hub' && <Unheard form={form} nodes={nodes} />}
      {targets.length > 0 && !isMissing && parts[form].length === 0 && (
        <Quiet form={form} perSecond={perSecond} windowMs={traffic.windowMs} />
      )}
      {targets.length === 0 ? (
        <Empty title="Nothing is registered" command="airspace register <address>">
          The map draws itself from what is registered and what calls:
        </Empty>
      ) : isMissing ? (
        <Missing form={form as Exclude<Form, 'hub'>} />
      ) : isMap ? (
        <FlowMap
          {...{ form, targets, traffic, ground, told, lit, isPaused }}
          events={parts[form]}
          sidecars={told.sidecars}
          onShut={turn}
          onShutAll={shutAll}
        />
      ) : (
        <FlowTable traffic={traffic} form={form} />
      )}
      <MapLegend form={form} />
    </section>
  );
};

const STOPPED = 'stopped at the first sidecar, or not told of by all nodes yet';
const NOBODY: readonly never[] = [];

const ratesOf = (parts: ReturnType<typeof byForm>, windowMs: number): Readonly<Record<Form, number>> => {
  const of = (form: Form): number => new Set(parts[form].map(({ callId }) => callId)).size / (windowMs / 1_000);
  return { hub: of('hub'), mesh: of('mesh'), hierarchical: of('hierarchical') };
};

/** Domains that are shown as one box, in the address: names have no commas. */
const useShut = (
  targets: readonly DescribedTarget[],
): readonly [ReadonlySet<string>, (domain: string) => void, () => void] => {
  const [text, set] = useParam('shut');
  // The organisation itself has no name; a domain that is called so cannot be.
  const shut = useMemo(
    () => new Set(text === '' ? [] : text.split(',').map((name) => (name === '-' ? '' : name))),
    [text],
  );
  const say = (domains: Iterable<string>): void =>
    set([...domains].map((name) => (name === '' ? '-' : name)).join(','));
  const turn = (domain: string): void =>
    say(shut.has(domain) ? [...shut].filter((one) => one !== domain) : [...shut, domain]);
  const all = (): void => say(new Set(targets.flatMap(({ kind, domain }) => (kind === 'agent' ? [domain] : []))));
  return [shut, turn, all];
};
