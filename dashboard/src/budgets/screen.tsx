/** Budgets: what is limited, and what was used whether it is limited or not. */
import { Toggle } from '@base-ui/react/toggle';
import { ToggleGroup } from '@base-ui/react/toggle-group';
import type { JSX } from 'react';
import { useParam, usePut } from '../frame/params.ts';
import '../style/lists.css';
import '../style/usage.css';
import { Limits } from './limits.tsx';
import { Usage } from './usage.tsx';

const VIEWS = [
  { id: 'budgets', name: 'Budgets', what: 'how much of which limit is gone' },
  { id: 'usage', name: 'Usage', what: 'who used what, whether it is limited or not' },
] as const;

/** What is chosen within a view means something else in the other. */
const FORGOTTEN = { sel: '', by: '', sort: '', kind: '' } as const;

export const BudgetsScreen = (): JSX.Element => {
  const [asked] = useParam('view', 'budgets');
  const put = usePut();
  const view = VIEWS.find(({ id }) => id === asked) ?? VIEWS[0];
  const choose = (id: string): void => put({ ...FORGOTTEN, view: id === 'budgets' ? '' : id });
  return (
    <>
      <div className="views">
        <ToggleGroup
          className="segments"
          value={[view.id]}
          onValueChange={([id]) => id !== undefined && choose(id)}
          aria-label="View"
        >
          {VIEWS.map(({ id, name }) => (
            <Toggle key={id} value={id}>
              {name}
            </Toggle>
          ))}
        </ToggleGroup>
        <span className="faint">{view.what}</span>
      </div>
      {view.id === 'usage' ? <Usage /> : <Limits />}
    </>
  );
};
