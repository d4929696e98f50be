/** Where a target is reached at a node, door by door: in catalogs, in what `register` says, and nowhere else written down. */
import type { TargetKind } from '../contract/index.ts';

export interface Address {
  /** In which words it is spoken to there. */
  readonly protocol: 'native' | 'a2a' | 'mcp' | 'openai' | 'anthropic';
  readonly url: string;
}

interface Named {
  readonly kind: TargetKind;
  readonly name: string;
}

/** `base`: address of the node, without a slash at its end. */
export const addressesOf = (base: string, { kind, name }: Named): readonly Address[] => [
  { protocol: 'native', url: `${base}/v1/${kind}s/${name}` },
  { protocol: 'a2a', url: a2aAddress(base, { kind, name }) },
  { protocol: 'mcp', url: kind === 'tool' ? mcpAddress(base, name) : `${base}/mcp` },
  ...(kind === 'tool'
    ? []
    : ([
        { protocol: 'openai', url: `${base}/v1` },
        { protocol: 'anthropic', url: base },
      ] as const)),
];

export const a2aAddress = (base: string, { kind, name }: Named): string =>
  kind === 'agent' ? `${base}/a2a/${name}` : `${base}/a2a/${kind}s/${name}`;

/** One server as if it were there itself. */
export const mcpAddress = (base: string, name: string): string => `${base}/mcp/${name}`;
