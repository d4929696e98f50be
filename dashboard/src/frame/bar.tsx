/** The top bar: which node this is, how far back one looks, whether it moves, and who one is. */
import { Menu } from '@base-ui/react/menu';
import { Toggle } from '@base-ui/react/toggle';
import { ToggleGroup } from '@base-ui/react/toggle-group';
import type { JSX } from 'react';
import { live } from '../api/live.ts';
import { useStatus } from '../api/queries.ts';
import { useLive } from '../api/use-live.ts';
import { Icon } from '../parts/icon.tsx';
import { Text } from '../parts/text.tsx';
import { useAccount } from './account.ts';
import { Finder } from './finder.tsx';
import { RANGES, useRange } from './params.ts';
import { signOut } from './sign-out.ts';

interface BarProps {
  readonly onTheme: () => void;
  readonly onHelp: () => void;
}

export const Bar = ({ onTheme, onHelp }: BarProps): JSX.Element => {
  const { isPaused, waiting } = useLive();
  return (
    <header className="bar">
      <Where />
      <Finder onTheme={onTheme} onHelp={onHelp} />
      <span className="grow" />
      {isPaused && waiting > 0 && <span className="faint num">{waiting} calls since</span>}
      <Range />
      <button
        type="button"
        className="square"
        aria-pressed={isPaused}
        aria-label={isPaused ? 'let it move again' : 'hold the picture still'}
        title="p"
        onClick={() => live.pause(!isPaused)}
      >
        <Icon name={isPaused ? 'play' : 'pause'} />
      </button>
      <button type="button" className="square" aria-label="dark or light" title="t" onClick={onTheme}>
        <Icon name="theme" />
      </button>
      <button type="button" className="square" aria-label="keys" title="?" onClick={onHelp}>
        <Icon name="help" />
      </button>
      <Me />
    </header>
  );
};

/** Every control that somebody turned down is said here, on every screen. */
const Where = (): JSX.Element => {
  const status = useStatus().data;
  const { tenant } = useAccount();
  if (status === undefined) return <span className="where">…</span>;
  const { node, role, ready, weakened } = status;
  return (
    <span className="where">
      <i className={ready ? 'ok' : 'bad'} />
      <Text of={node} />
      <span className="faint">
        {role} · tenant <Text of={tenant} />
      </span>
      {weakened.length > 0 && (
        <span className="badge warn" title={weakened.join('; ')}>
          weakened: {weakened.length}
        </span>
      )}
    </span>
  );
};

const Range = (): JSX.Element => {
  const { range, set } = useRange();
  return (
    <ToggleGroup
      className="segments"
      value={[range.id]}
      onValueChange={([id]) => id !== undefined && set(id)}
      aria-label="Time"
    >
      {RANGES.map(({ id, name }) => (
        <Toggle key={id} value={id}>
          {name}
        </Toggle>
      ))}
    </ToggleGroup>
  );
};

const Me = (): JSX.Element => {
  const { id, tenant, roles, csrf } = useAccount();
  return (
    <Menu.Root>
      <Menu.Trigger className="me" aria-label={`you are ${id}`}>
        {id.slice(0, 2)}
      </Menu.Trigger>
      <Menu.Portal>
        <Menu.Positioner className="above" sideOffset={4} align="end">
          <Menu.Popup className="menu">
            <div className="menu-head">
              <strong>
                <Text of={id} />
              </strong>
              <span className="faint">
                tenant <Text of={tenant} />
              </span>
              <span className="faint">{roles.length === 0 ? 'no roles' : roles.join(', ')}</span>
            </div>
            <Menu.Item className="menu-item" onClick={() => signOut(csrf)}>
              Sign out
            </Menu.Item>
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  );
};
