import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ArmStats, PairView, TopologyView } from '../../topologies/index.ts';
import { dotOf, mermaidOf } from './graph.ts';

const arm = (calls: number, p99Ms: number): ArmStats => ({ calls, p99Ms }) as ArmStats;

const pair = (given: Partial<PairView> = {}): PairView => ({
  ...{ route: 'orders', configured: { via: 'hub', meshPercent: 0, withoutPeer: 'refuse' }, calls: 10, perSecond: 1.5 },
  caller: { kind: 'agent', id: 'concierge', domain: 'shop' },
  target: { kind: 'agent', name: 'orders', domain: 'shop' },
  ...{ hub: arm(10, 12), mesh: null, instead: 0, nodes: [], failureDomains: [], obstacles: [] },
  ...given,
});
const view = (...pairs: readonly PairView[]): TopologyView => ({ pairs }) as unknown as TopologyView;

const SOME = view(
  pair(),
  pair({ target: { kind: 'tool', name: 'ledger', domain: '' }, hub: arm(5, 12), mesh: arm(5, 4) }),
  pair({ route: 'idle', caller: null, calls: 0, configured: { via: 'mesh', meshPercent: 100, withoutPeer: 'hub' } }),
);

test('a picture for Graphviz has who calls whom, in domains, dashed where it goes directly', () => {
  assert.equal(
    dotOf(SOME),
    `digraph airspace {
  rankdir=LR;
  node [shape=box];
  subgraph cluster_0 {
    label="shop";
    n0 [label="agent/concierge"];
    n1 [label="agent/orders"];
  }
  n2 [label="tool/ledger"];
  n3 [label="anybody"];
  n0 -> n1 [label="orders\\nhub, 1.50/s, p99 12ms"];
  n0 -> n2 [label="orders\\n50 % mesh, 1.50/s, p99 12ms and 4ms", style=dashed];
  n3 -> n1 [label="idle\\n100 % mesh, no calls", style=dashed];
}`,
  );
});

test('a picture for Mermaid has the same', () => {
  assert.equal(
    mermaidOf(SOME),
    `flowchart LR
  subgraph d0["shop"]
    n0["agent/concierge"]
    n1["agent/orders"]
  end
  n2["tool/ledger"]
  n3["anybody"]
  n0 -->|"orders<br/>hub, 1.50/s, p99 12ms"| n1
  n0 -.->|"orders<br/>50 #37; mesh, 1.50/s, p99 12ms and 4ms"| n2
  n3 -.->|"idle<br/>100 #37; mesh, no calls"| n1`,
  );
});

/** Quotes, escapes, comments, directives, markup and links of both, and what moves a terminal. */
const HOSTILE = [
  '"]; n9 [label="owned',
  '\\" -> n9; //',
  '\\',
  '</text><script>alert(1)</script>',
  '&quot;]&#10;',
  '%%{init: {"securityLevel": "loose"}}%%',
  'end',
  '`**bold**` [x](javascript:alert(1))',
  'style:#35; click n0 "javascript:1"',
  '|a| --> b',
  '\u001b[2J\u202egnp\r\nn0 --> n0',
  '\ud800',
  'A'.repeat(5_000),
];

const QUOTED_DOT = '"(?:[^"\\\\]|\\\\["\\\\n])*"';
const DOT = new RegExp(
  `^(digraph airspace \\{|  rankdir=LR;|  node \\[shape=box\\];|  subgraph cluster_\\d+ \\{|    label=${QUOTED_DOT};|  (?:  )?n\\d+ \\[label=${QUOTED_DOT}\\];|  \\}|  n\\d+ -> n\\d+ \\[label=${QUOTED_DOT}(?:, style=dashed)?\\];|\\})$`,
  'u',
);
const QUOTED_MERMAID = '"(?:[\\p{L}\\p{N} _/,.-]|#\\d+;|<br/>)*"';
const MERMAID = new RegExp(
  `^(flowchart LR|  subgraph d\\d+\\[${QUOTED_MERMAID}\\]|  (?:  )?n\\d+\\[${QUOTED_MERMAID}\\]|  end|  n\\d+ -(?:-|\\.-)>\\|${QUOTED_MERMAID}\\| n\\d+)$`,
  'u',
);

const isOfOurs = (drawn: TopologyView): void => {
  for (const line of dotOf(drawn).split('\n')) {
    assert.match(line, DOT);
    assert.doesNotMatch(line, /&(?!amp;)/);
    assert.ok(line.length < 1_000 && line.isWellFormed());
  }
  for (const line of mermaidOf(drawn).split('\n')) assert.match(line, MERMAID);
};

test('no name leaves its quotes, whatever it is', () => {
  const named = (name: string): TopologyView =>
    view(
      pair({
        route: name,
        caller: { kind: 'agent', id: name, domain: name },
        target: { kind: 'tool', name: `${name}2`, domain: name },
      }),
    );
  for (const name of HOSTILE) isOfOurs(named(name));
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (name) => isOfOurs(named(name))),
    { numRuns: 300 },
  );
});

test('two that differ are two, however alike they are written', () => {
  const lines = dotOf(
    view(
      pair({ caller: { kind: 'agent', id: 'a\u200b', domain: '' } }),
      pair({ caller: { kind: 'agent', id: 'a\u200c', domain: '' } }),
    ),
  );
  assert.match(lines, /n0 -> n1[\s\S]*n2 -> n1/);
});
