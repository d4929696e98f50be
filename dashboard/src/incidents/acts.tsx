/** What one may do about an incident. What nobody can do from here is a command to copy, with the reason. */
import { type JSX, useState } from 'react';
import { Link } from 'wouter';
import { useKills, useLift } from '../api/incidents.ts';
import { useAccount } from '../frame/account.ts';
import { useHref } from '../frame/params.ts';
import { amount, instant } from '../model/format.ts';
import type { IncidentRow } from '../model/incidents.ts';
import { quoted } from '../model/shell.ts';
import { Copy } from '../parts/copy.tsx';
import { Text } from '../parts/text.tsx';
import { Hold } from './hold.tsx';

export const Acts = ({ row: { of, resource, isOpen } }: { readonly row: IncidentRow }): JSX.Element => {
  const href = useHref();
  if (of.kind === 'order') return <Order order={of.order} />;
  if (of.kind === 'budget')
    return (
      <div className="acts">
        <Link className="plain" href={href(`/budgets?sel=${encodeURIComponent(of.budget.name)}`)}>
          Open the budget
        </Link>
        <Copy
          text={`airspace budget topup ${quoted(of.budget.name)} <amount>${of.account.holder === '' ? '' : ` --holder ${quoted(of.account.holder)}`} --reason '…'`}
          label="give it more, once"
        />
        <span className="faint">
          {of.budget.window.endMs === null
            ? 'its window never ends'
            : `it is empty until ${instant(of.budget.window.endMs)}`}
          ; limit {amount(of.account.limit, of.budget.unit)}
        </span>
      </div>
    );
  return (
    <>
      <div className="acts">
        {resource !== '' && (
          <Link className="plain" href={href(`/agents?sel=${encodeURIComponent(resource)}`)}>
            Open <Text of={resource} most={60} />
          </Link>
        )}
        <span className="faint">
          {of.kind === 'alert' && isOpen
            ? 'it is over by itself when it has not been so for a minute; changing or deleting the alert ends it, too'
            : ''}
        </span>
      </div>
      {of.kind === 'breaker' && <Hold breaker={of.breaker} />}
    </>
  );
};

const Order = ({ order }: { readonly order: Extract<IncidentRow['of'], { kind: 'order' }>['order'] }): JSX.Element => {
  const { holds, csrf } = useAccount();
  const [isSure, setSure] = useState(false);
  const { mutate, error, isPending } = useLift(csrf, () => setSure(false));
  const mayLift = holds.includes('operator');
  return (
    <>
      <div className="acts">
        {isSure ? (
          <>
            <button type="button" className="plain no" disabled={isPending} onClick={() => mutate(order.id)}>
              Lift it: <Text of={`${order.kind}/${order.name}`} most={60} /> may go on
            </button>
            <button type="button" className="plain" onClick={() => setSure(false)}>
              Not yet
            </button>
          </>
        ) : (
          <button
            type="button"
            className="plain"
            disabled={!mayLift}
            aria-describedby={mayLift ? undefined : 'lift-obstacle'}
            onClick={() => setSure(true)}
          >
            Lift the order
          </button>
        )}
        <Copy text={`airspace kill lift ${order.id}`} />
        {!mayLift && (
          <span className="faint" id="lift-obstacle">
            lifting it takes role operator, or whoever administers its domain by the command
          </span>
        )}
      </div>
      {error !== null && (
        <p className="bad" role="alert">
          <Text of={error.message} most={500} />
        </p>
      )}
      <dl>
        <dt>order</dt>
        <dd className="num">
          <Text of={order.id} />
        </dd>
        <dt>until</dt>
        <dd className="num">{order.untilMs === null ? 'somebody lifts it' : instant(order.untilMs)}</dd>
        <dt>carried out</dt>
        <dd>
          <Heard />
        </dd>
      </dl>
    </>
  );
};

/** Which nodes run the list that has it. */
const Heard = (): JSX.Element => {
  const { data } = useKills(false);
  if (data === undefined) return <span className="faint">…</span>;
  const behind = data.nodes.filter(({ seq }) => seq < data.seq);
  return (
    <>
      here
      {data.nodes.length > 0 && `, and by ${data.nodes.length - behind.length} of ${data.nodes.length} nodes`}
      {behind.length > 0 && (
        <span className="warn">
          {' '}
          · not yet by <Text of={behind.map(({ id, state }) => `${id} (${state})`).join(', ')} most={300} />
        </span>
      )}
    </>
  );
};
