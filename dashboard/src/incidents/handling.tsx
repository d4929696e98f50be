/** What people do about an alert that fired: somebody says that they look after it, and somebody says that it is over. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, type JSX, useEffect, useRef, useState } from 'react';
import type { Incident } from '../../../src/contract/index.ts';
import { post } from '../api/client.ts';
import { useAccount } from '../frame/account.ts';
import { instant } from '../model/format.ts';
import { Copy } from '../parts/copy.tsx';
import { Text } from '../parts/text.tsx';

type Deed = 'acknowledge' | 'close';

export const Handling = ({ incident }: { readonly incident: Incident }): JSX.Element => {
  const { id, endedAtMs, acknowledged } = incident;
  const [deed, begin] = useState<Deed | undefined>(undefined);
  return (
    <>
      {acknowledged !== undefined && (
        <p>
          <Text of={acknowledged.by} most={60} /> looks after it{' '}
          <span className="num faint">since {instant(acknowledged.atMs)}</span>
          {acknowledged.note !== '' && (
            <>
              : <Text of={acknowledged.note} most={1_000} />
            </>
          )}
        </p>
      )}
      {endedAtMs === null &&
        (deed === undefined ? (
          <Choices id={id} isSeen={acknowledged !== undefined} onChoose={begin} />
        ) : (
          <Saying id={id} deed={deed} onDone={() => begin(undefined)} />
        ))}
    </>
  );
};

interface ChoicesProps {
  readonly id: string;
  /** Somebody has it already. */
  readonly isSeen: boolean;
  readonly onChoose: (deed: Deed) => void;
}

const Choices = ({ id, isSeen, onChoose }: ChoicesProps): JSX.Element => {
  const may = useAccount().holds.includes('operator');
  const described = may ? {} : { 'aria-describedby': 'handling-obstacle' };
  return (
    <div className="acts">
      {!isSeen && (
        <button type="button" className="plain" disabled={!may} {...described} onClick={() => onChoose('acknowledge')}>
          I look after it
        </button>
      )}
      <button type="button" className="plain" disabled={!may} {...described} onClick={() => onChoose('close')}>
        Close it
      </button>
      <Copy text={`airspace incident ${isSeen ? `close ${id} --reason '…'` : `ack ${id} --note '…'`}`} />
      {!may && (
        <span className="faint" id="handling-obstacle">
          both take role operator
        </span>
      )}
    </div>
  );
};

const WORDS = {
  acknowledge: { label: 'What you know so far', field: 'note', button: 'I look after it', after: 'it stays open' },
  close: {
    ...{ label: 'Why it is over', field: 'reason', button: 'Close it' },
    after: 'if it is still so a minute later, another opens',
  },
} as const satisfies Record<Deed, object>;

interface SayingProps {
  readonly id: string;
  readonly deed: Deed;
  readonly onDone: () => void;
}

const Saying = ({ id, deed, onDone }: SayingProps): JSX.Element => {
  const { csrf } = useAccount();
  const [said, say] = useState('');
  const input = useRef<HTMLInputElement>(null);
  const client = useQueryClient();
  const { label, field, button, after } = WORDS[deed];
  const { mutate, error, isPending } = useMutation({
    mutationFn: () => post<Incident>(`/v1/incidents/${encodeURIComponent(id)}:${deed}`, { [field]: said }, csrf),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['incidents'] });
      onDone();
    },
  });
  useEffect(() => input.current?.focus(), []);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (!isPending) mutate();
  };
  return (
    <form className="handling" onSubmit={submit}>
      <label>
        {label}
        <input
          ref={input}
          required={deed === 'close'}
          maxLength={1_000}
          value={said}
          onChange={({ target }) => say(target.value)}
        />
      </label>
      {error !== null && (
        <p className="bad" role="alert">
          <Text of={error.message} most={500} />
        </p>
      )}
      <div className="acts">
        <button type="submit" className="plain" disabled={isPending}>
          {button}
        </button>
        <button type="button" className="plain" onClick={onDone}>
          Not yet
        </button>
        <span className="faint">{after}</span>
      </div>
    </form>
  );
};
