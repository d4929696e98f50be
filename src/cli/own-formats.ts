/** Formats that one command has, and no other. */

export const OWN_FORMATS = ['otlp', 'dot', 'mermaid'] as const;
export type OwnFormat = (typeof OWN_FORMATS)[number];

export const OWNERS: Readonly<Record<OwnFormat, { readonly path: string; readonly is: string; readonly try: string }>> =
  {
    otlp: { path: 'trace', is: 'one trace', try: 'airspace trace <id> -o otlp' },
    dot: { path: 'topology show', is: 'a picture of the topology', try: 'airspace topology show -o dot' },
    mermaid: { path: 'topology show', is: 'a picture of the topology', try: 'airspace topology show -o mermaid' },
  };
