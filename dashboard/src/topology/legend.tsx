/** What shapes and colours on the map mean. */
import type { JSX } from 'react';
import type { Form } from '../model/forms.ts';

export const MapLegend = ({ form }: { readonly form: Form }): JSX.Element => (
  <footer className="legend">
    <span>
      <i className="edge-key" />
      {form === 'mesh' ? 'straight, without a hub' : 'traffic'}
    </span>
    <span>
      <i className="edge-key lit" />
      selected request
    </span>
    <span>
      <i className="edge-key failing" />
      failures
    </span>
    {form === 'hierarchical' && (
      <span>
        <i className="edge-key across" />
        hub to hub
      </span>
    )}
    <span className="grow" />
    <span>
      <svg width="9" height="9" aria-hidden="true">
        <path d="M4.5 1l3.7 6.6H.8z" className="glyph warn" />
      </svg>
      needs attention
    </span>
    <span>
      <svg width="8" height="8" aria-hidden="true">
        <rect width="7" height="7" y=".5" rx="1" className="glyph bad" />
      </svg>
      {form === 'mesh' ? 'not heard, or takes no calls' : 'takes no calls'}
    </span>
  </footer>
);
