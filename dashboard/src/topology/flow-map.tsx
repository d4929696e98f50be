/** The map: boxes and edges in SVG, for pointers and themes; what moves, on one canvas above the edges and below the cards. */
import { type JSX, useMemo } from 'react';
import type { CallEvent } from '../../../src/contract/index.ts';
import type { DescribedTarget } from '../api/views.ts';
import { type Bundle, bundlesOf, type Form, formOf, type Ground, legsOf } from '../model/forms.ts';
import { layoutOf } from '../model/layouts.ts';
import { FAILING, type LitPath } from '../model/lit.ts';
import { type Curve, type Placed, pathOf } from '../model/map.ts';
import type { Traffic } from '../model/traffic.ts';
import { useSize } from '../parts/size.ts';
import { FlowTable } from './flow-table.tsx';
import { Nodes, type Told } from './nodes.tsx';
import { Particles } from './particles.tsx';

interface MapProps {
  readonly form: Form;
  readonly targets: readonly DescribedTarget[];
  /** Records of the window, of calls that went by this form. */
  readonly events: readonly CallEvent[];
  readonly traffic: Traffic;
  readonly ground: Ground;
  /** What has a sidecar: `agent/orders`. */
  readonly sidecars: ReadonlySet<string>;
  readonly told: Told;
  readonly lit: LitPath | null;
  readonly isPaused: boolean;
  readonly onShut: (domain: string) => void;
  readonly onShutAll: () => void;
}

export const FlowMap = (props: MapProps): JSX.Element => {
  const { form, targets, events, traffic, ground, sidecars, told, lit, isPaused, onShut, onShutAll } = props;
  const [ref, width, height] = useSize<HTMLDivElement>();
  const bundles = useMemo(
    () => bundlesOf(form, events, ground, traffic.windowMs),
    [form, events, ground, traffic.windowMs],
  );
  const litLegs = useMemo(() => litIn(form, lit, ground), [form, lit, ground]);
  const legs = [...bundles.values(), ...litLegs.values()];
  const pairs = [...new Set([...bundles.keys(), ...litLegs.keys()])].sort().join('\n');
  // Rates change four times a second; where things stand only when something comes or goes.
  // biome-ignore lint/correctness/useExhaustiveDependencies: `pairs` stands for the legs
  const layout = useMemo(
    () => layoutOf(form, { targets, legs, shut: ground.shut, sidecars, width, height }),
    [form, targets, pairs, ground.shut, sidecars, width, height],
  );
  const litIds = useMemo(() => new Set(litLegs.keys()), [litLegs]);
  return (
    <div className={`flow-map ${form}`} ref={ref}>
      {width > 0 && layout.isCrowded && (
        <div className="crowded">
          <p className="quiet" role="status">
            More than there is room for here.{' '}
            <button type="button" className="plain" onClick={onShutAll}>
              Shut all domains
            </button>
          </p>
          <FlowTable traffic={traffic} form={form} />
        </div>
      )}
      {width > 0 && !layout.isCrowded && (
        <>
          <svg width={width} height={height} aria-hidden="true">
            {layout.domains.map((box) => (
              <rect key={box.id} className="domain" {...rectOf(box)} rx="6" />
            ))}
            {layout.curves.map((curve) => (
              <path
                key={curve.id}
                className={edgeClass(curve, bundles.get(curve.id), lit === null ? null : litIds)}
                d={pathOf(curve)}
                strokeWidth={thickness(bundles.get(curve.id))}
              />
            ))}
          </svg>
          <Particles {...{ form, layout, ground, width, height, isPaused }} lit={litIds} />
          <Nodes {...{ form, layout, bundles, traffic, told, lit, onShut }} size={[width, height]} />
        </>
      )}
    </div>
  );
};

/** Legs of the selected request, of those of its calls that went by this form. */
const litIn = (form: Form, lit: LitPath | null, ground: Ground) =>
  new Map(
    (lit?.calls ?? [])
      .filter((told) => formOf(told) === form)
      .flatMap((told) => legsOf(form, told, ground))
      .map((leg) => [`${leg.from} ${leg.to}`, leg] as const),
  );

const thickness = (bundle: Bundle | undefined): number => 0.8 + Math.log2(1 + (bundle?.perSecond ?? 0)) * 0.6;

const edgeClass = ({ id, isAcross }: Curve, bundle: Bundle | undefined, lit: ReadonlySet<string> | null): string => {
  const { calls = 0, failed = 0 } = bundle ?? {};
  const words = ['edge', isAcross ? 'across' : '', calls > 0 && failed / calls > FAILING ? 'failing' : ''];
  return [...words, lit === null ? '' : lit.has(id) ? 'lit' : 'dim'].filter((word) => word !== '').join(' ');
};

const rectOf = ({ x, y, width, height }: Placed) => ({ x, y, width, height });
