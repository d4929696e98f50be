/** Our own stroke icons on a grid of 16. */
import type { JSX } from 'react';

const PATHS = {
  topology: 'M8 3.2v3M8 6.2 4 9.6M8 6.2l4 3.4M6.6 2h2.8v2.4H6.6zM2.4 9.6h3.2V13H2.4zM10.4 9.6h3.2V13h-3.2z',
  requests: 'M2 4h9M4 8h10M3 12h6',
  policies: 'M8 1.8 13 3.6v4c0 3.2-2.1 5.4-5 6.6-2.9-1.2-5-3.4-5-6.6v-4zM5.8 7.8l1.6 1.7 2.9-3.2',
  approvals: 'M2 9.5V13h12V9.5M2 9.5 4 3h8l2 6.5M2 9.5h3.6c.3 1 1.2 1.7 2.4 1.7s2.1-.7 2.4-1.7H14',
  budgets: 'M8 2a6 6 0 1 0 6 6H8zM10 1.6A5.6 5.6 0 0 1 14.4 6H10z',
  agents: 'M4 5.5h8v7H4zM8 5.5V3M8 3h1M6.3 8.4v1M9.7 8.4v1M2 8v2.4M14 8v2.4',
  incidents: 'M8 2.5 14.2 13H1.8zM8 6.5v3M8 11.2v.3',
  audit: 'M3.5 2.5h9v11h-9zM6 5.5h4M6 8h4M6 10.5h2',
  search: 'M7 11.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9zM10.4 10.4 14 14',
  theme: 'M13 9.6A5.4 5.4 0 0 1 6.4 3 5.4 5.4 0 1 0 13 9.6z',
  pause: 'M5.5 3.5v9M10.5 3.5v9',
  play: 'M5 3.2v9.6L12.6 8z',
  close: 'm4 4 8 8M12 4l-8 8',
  help: 'M6 6.2a2 2 0 1 1 2.9 1.8c-.6.3-.9.7-.9 1.4M8 11.6v.4',
  copy: 'M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3',
  open: 'M6 3H3v10h10v-3M9 3h4v4M13 3 7.5 8.5',
} as const;

export type IconName = keyof typeof PATHS;

export const Icon = ({ name, size = 15 }: { readonly name: IconName; readonly size?: number }): JSX.Element => (
  <svg className="icon" width={size} height={size} viewBox="0 0 16 16" aria-hidden="true">
    <path d={PATHS[name]} />
  </svg>
);

export const Mark = (): JSX.Element => (
  <svg className="mark" width="18" height="18" viewBox="0 0 18 18" aria-hidden="true">
    <path d="M9 1.5 15 5v8l-6 3.5L3 13V5z" />
    <circle cx="9" cy="9" r="2.2" />
    <path d="M9 6.8V2M10.9 10.1l4 2.6M7.1 10.1l-4 2.6" />
  </svg>
);
