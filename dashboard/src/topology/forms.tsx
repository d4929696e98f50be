/** By which form: each with what really goes by it, and, where nothing does, why that is so. */
import { Toggle } from '@base-ui/react/toggle';
import { ToggleGroup } from '@base-ui/react/toggle-group';
import type { JSX } from 'react';
import type { NodeSeen } from '../api/nodes.ts';
import { rate } from '../model/format.ts';
import { FORMS, type Form } from '../model/forms.ts';
import { Empty } from '../parts/states.tsx';

interface SwitchProps {
  readonly form: Form;
  readonly perSecond: Readonly<Record<Form, number>>;
  readonly onForm: (form: Form) => void;
}

export const FormSwitch = ({ form, perSecond, onForm }: SwitchProps): JSX.Element => (
  <ToggleGroup
    className="segments"
    value={[form]}
    onValueChange={([to]) => to !== undefined && onForm(to as Form)}
    aria-label="Form"
  >
    {FORMS.map(({ id, name }) => (
      <Toggle key={id} value={id}>
        {name} <span className="num faint">{rate(perSecond[id])}</span>
      </Toggle>
    ))}
  </ToggleGroup>
);

const WORDS: Readonly<Record<Form, string>> = {
  hub: 'through a hub',
  mesh: 'straight between sidecars',
  hierarchical: 'over the hub of a domain',
};

/** Above a map without traffic: what the other forms carry. */
export const Quiet = ({ form, perSecond, windowMs }: Omit<SwitchProps, 'onForm'> & { readonly windowMs: number }) => {
  const others = FORMS.filter(({ id }) => id !== form && perSecond[id] > 0);
  return (
    <p className="quiet" role="status">
      No call went {WORDS[form]} in {Math.round(windowMs / 1_000)} s
      {others.map(({ id, name }) => ` · ${name} carries ${rate(perSecond[id])}/s`).join('')}.
    </p>
  );
};

export const ROLES = { mesh: 'sidecar', hierarchical: 'domain' } as const;

interface UnheardProps {
  readonly form: Exclude<Form, 'hub'>;
  readonly nodes: readonly NodeSeen[];
}

/** What nodes carry that are not heard is not on the map. */
export const Unheard = ({ form, nodes }: UnheardProps): JSX.Element | null => {
  const all = nodes.filter(({ role }) => role === ROLES[form]);
  const heard = all.filter(({ state }) => state === 'alive');
  if (heard.length === all.length) return null;
  return (
    <p className="quiet warn" role="status">
      {heard.length} of {all.length} {form === 'mesh' ? 'sidecars' : 'hubs of domains'} are heard: what the others carry
      is not here.
    </p>
  );
};

/** Nothing is there by which a call could go so. */
export const Missing = ({ form }: { readonly form: Exclude<Form, 'hub'> }): JSX.Element =>
  form === 'mesh' ? (
    <Empty
      title="No sidecar has joined"
      command="airspace sidecar run --hub <address of this hub> --token-file token -- <your agent>"
    >
      Agents behind sidecars call each other without the hub on the way. `airspace topology advise --to mesh` says what
      that would bring here; a token comes from `airspace token create --role sidecar --agent &lt;name&gt;`:
    </Empty>
  ) : (
    <Empty
      title="No domain has a hub of its own"
      command="airspace up --parent <address of this hub> --token-file token --data <folder>"
    >
      A delegated domain runs a hub that decides with its own rules below those of the organisation. `airspace topology
      advise --to hierarchy` says what that would bring here; a token comes from `airspace token create --role domain
      --domain &lt;name&gt;`:
    </Empty>
  );
