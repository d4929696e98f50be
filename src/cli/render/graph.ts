/** Who calls whom as a picture in words, for Graphviz and for Mermaid. Names are hostile: none of them is ever part of the syntax. */
import type { PairView, TopologyView } from '../../topologies/index.ts';
import { clean } from './clean.ts';
import { duration } from './time.ts';
import { wayText } from './topology.ts';

interface Node {
  /** Ours, such as `n3`: no name of anybody can be a keyword or close a quote. */
  readonly id: string;
  readonly label: string;
  readonly domain: string;
}

interface Edge {
  readonly from: string;
  readonly to: string;
  readonly lines: readonly string[];
  /** Any of it goes from sidecar to sidecar. */
  readonly isDirect: boolean;
}

interface Graph {
  /** By domain; the empty one is no box. */
  readonly domains: ReadonlyMap<string, readonly Node[]>;
  readonly edges: readonly Edge[];
}

const MOST_OF_A_NAME = 120;
const named = (text: string): string => clean(text, MOST_OF_A_NAME).toWellFormed();

const graphOf = ({ pairs }: TopologyView): Graph => {
  const nodes = new Map<string, Node>();
  const nodeFor = (key: string, label: string, domain: string): string => {
    const known = nodes.get(key) ?? { id: `n${nodes.size}`, label: named(label), domain: named(domain) };
    nodes.set(key, known);
    return known.id;
  };
  const edges = pairs.map(
    (pair): Edge => ({
      from:
        pair.caller === null
          ? nodeFor('anybody', 'anybody', '')
          : nodeFor(
              keyOf(pair.caller.kind, pair.caller.id),
              `${pair.caller.kind}/${pair.caller.id}`,
              pair.caller.domain,
            ),
      to: nodeFor(
        keyOf(pair.target.kind, pair.target.name),
        `${pair.target.kind}/${pair.target.name}`,
        pair.target.domain,
      ),
      lines: linesOf(pair).map(named),
      isDirect: pair.mesh !== null || (pair.calls === 0 && pair.configured.meshPercent > 0),
    }),
  );
  return { domains: Map.groupBy(nodes.values(), ({ domain }) => domain), edges };
};

/** A name may hold whatever joins the two parts. */
const keyOf = (kind: string, name: string): string => JSON.stringify([kind, name]);

/** The route, how calls went along it, and how many; of one that nobody used, what is configured. */
const linesOf = (pair: PairView): readonly string[] => {
  const { route, calls, perSecond, configured, hub, mesh } = pair;
  if (calls === 0)
    return [route, `${configured.meshPercent === 0 ? 'hub' : `${configured.meshPercent} % mesh`}, no calls`];
  const p99s = [hub, mesh].flatMap((arm) => (arm?.p99Ms == null ? [] : [duration(arm.p99Ms)]));
  const times = p99s.length === 0 ? '' : `, p99 ${p99s.join(' and ')}`;
  return [route, `${wayText(pair)}, ${perSecond.toFixed(2)}/s${times}`];
};

export const dotOf = (view: TopologyView): string => {
  const { domains, edges } = graphOf(view);
  const lineOf = ({ id, label }: Node): string => `${id} [label=${dotText([label])}];`;
  return [
    'digraph airspace {',
    '  rankdir=LR;',
    '  node [shape=box];',
    ...[...domains].flatMap(([domain, nodes], at) =>
      domain === ''
        ? nodes.map((node) => `  ${lineOf(node)}`)
        : [
            `  subgraph cluster_${at} {`,
            `    label=${dotText([domain])};`,
            ...nodes.map((node) => `    ${lineOf(node)}`),
            '  }',
          ],
    ),
    ...edges.map(
      ({ from, to, lines, isDirect }) =>
        `  ${from} -> ${to} [label=${dotText(lines)}${isDirect ? ', style=dashed' : ''}];`,
    ),
    '}',
  ].join('\n');
};

/** Quotes and backslashes end or change a text there, and `&` begins a character of HTML. */
const dotText = (lines: readonly string[]): string =>
  `"${lines.map((line) => line.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('&', '&amp;')).join('\\n')}"`;

export const mermaidOf = (view: TopologyView): string => {
  const { domains, edges } = graphOf(view);
  const lineOf = ({ id, label }: Node): string => `${id}[${mermaidText([label])}]`;
  return [
    'flowchart LR',
    ...[...domains].flatMap(([domain, nodes], at) =>
      domain === ''
        ? nodes.map((node) => `  ${lineOf(node)}`)
        : [`  subgraph d${at}[${mermaidText([domain])}]`, ...nodes.map((node) => `    ${lineOf(node)}`), '  end'],
    ),
    ...edges.map(
      ({ from, to, lines, isDirect }) => `  ${from} ${isDirect ? '-.->' : '-->'}|${mermaidText(lines)}| ${to}`,
    ),
  ].join('\n');
};

/** Only what means nothing in Mermaid, Markdown, HTML and its own comments stands as it is; all else is written as its number. */
const mermaidText = (lines: readonly string[]): string =>
  `"${lines.map((line) => line.replace(/[^\p{L}\p{N} _/,.-]/gu, (char) => `#${char.codePointAt(0)};`)).join('<br/>')}"`;
