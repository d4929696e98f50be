/** A yes, a no, or other arguments: said with a reason, about exactly the bytes that are on the screen. */
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, type JSX, useEffect, useRef, useState } from 'react';
import type { ApprovalView } from '../../../src/contract/index.ts';
import { post } from '../api/client.ts';
import { useAccount } from '../frame/account.ts';
import { Text } from '../parts/text.tsx';
import { MOST_READ } from './view.tsx';

export type Verdict = 'approve' | 'deny' | 'edit';

interface BallotProps {
  readonly view: ApprovalView;
  /** Chosen, and not said yet. */
  readonly verdict: Verdict | null;
  readonly onVerdict: (verdict: Verdict | null) => void;
  readonly onDone: () => void;
}

export const Ballot = ({ view, verdict, onVerdict, onDone }: BallotProps): JSX.Element => {
  const obstacle = obstacleOf(view);
  return (
    <footer className="ballot">
      {obstacle !== null ? (
        <p className="warn" id="obstacle">
          You cannot vote on it: <Text of={obstacle} most={500} />.
        </p>
      ) : (
        verdict !== null && <Saying view={view} verdict={verdict} onCancel={() => onVerdict(null)} onDone={onDone} />
      )}
      {(obstacle !== null || verdict === null) && (
        <Choices isDisabled={obstacle !== null} mayEdit={view.isText} onChoose={onVerdict} />
      )}
    </footer>
  );
};

/** The node says who may not vote; what cannot be read whole cannot be judged here either. */
const obstacleOf = ({ obstacle, body }: ApprovalView): string | null =>
  obstacle ??
  (body.length > MOST_READ ? 'it is too long to be read here; `airspace approval show` has all of it' : null);

interface ChoicesProps {
  readonly isDisabled: boolean;
  readonly mayEdit: boolean;
  readonly onChoose: (verdict: Verdict) => void;
}

const Choices = ({ isDisabled, mayEdit, onChoose }: ChoicesProps): JSX.Element => {
  const described = isDisabled ? 'obstacle' : undefined;
  return (
    <div className="choices">
      <button
        type="button"
        className="plain yes"
        disabled={isDisabled}
        aria-describedby={described}
        onClick={() => onChoose('approve')}
      >
        Approve <kbd>y</kbd>
      </button>
      <button
        type="button"
        className="plain"
        disabled={isDisabled}
        aria-describedby={described}
        onClick={() => onChoose('deny')}
      >
        Deny <kbd>n</kbd>
      </button>
      <button
        type="button"
        className="plain"
        disabled={isDisabled || !mayEdit}
        aria-describedby={described}
        onClick={() => onChoose('edit')}
      >
        Change the arguments
      </button>
      <span className="faint">one no is enough, and it runs once</span>
    </div>
  );
};

const WORDS = {
  approve: { label: 'Why yes (for the audit)', button: 'Approve', after: 'it runs at once' },
  deny: { label: 'Why no (the caller is told)', button: 'Deny', after: 'the caller gets a no' },
  edit: {
    label: 'Why other arguments',
    button: 'Propose',
    after: 'policy decides anew, all votes are gone, and others must approve it',
  },
} as const satisfies Record<Verdict, object>;

interface SayingProps {
  readonly view: ApprovalView;
  readonly verdict: Verdict;
  readonly onCancel: () => void;
  readonly onDone: () => void;
}

const Saying = ({ view, verdict, onCancel, onDone }: SayingProps): JSX.Element => {
  const { csrf } = useAccount();
  const [comment, setComment] = useState('');
  const [body, setBody] = useState(view.body);
  const field = useRef<HTMLInputElement>(null);
  const { id, digest, plan } = view;
  // The digest is of what this form was opened over: should the call change meanwhile, the node refuses.
  const [seen] = useState({ digest, check: plan?.answer });
  const { mutate, error, isPending } = useMutation({
    mutationFn: () =>
      verdict === 'edit'
        ? post(`/v1/approvals/${id}:edit`, { digest: seen.digest, comment, body }, csrf)
        : post(
            `/v1/approvals/${id}:${verdict}`,
            { digest: seen.digest, comment, ...(seen.check ? { check: seen.check } : {}) },
            csrf,
          ),
    onSuccess: onDone,
  });
  useEffect(() => field.current?.focus(), []);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (!isPending) mutate();
  };
  const { label, button, after } = WORDS[verdict];
  return (
    <form onSubmit={submit}>
      {verdict === 'edit' && (
        <label>
          What shall be sent instead
          <textarea
            className="mono"
            rows={6}
            spellCheck={false}
            value={body}
            onChange={({ target }) => setBody(target.value)}
          />
        </label>
      )}
      <label>
        {label}
        <input ref={field} maxLength={1_000} value={comment} onChange={({ target }) => setComment(target.value)} />
      </label>
      {error !== null && (
        <p className="bad" role="alert">
          <Text of={error.message} most={1_000} />
        </p>
      )}
      <div className="choices">
        <button
          type="submit"
          className={`plain ${verdict === 'approve' ? 'yes' : verdict === 'deny' ? 'no' : ''}`}
          disabled={isPending}
        >
          {button} <kbd>Enter</kbd>
        </button>
        <button type="button" className="plain" onClick={onCancel}>
          Not yet <kbd>Esc</kbd>
        </button>
        <span className="faint">{after}</span>
      </div>
    </form>
  );
};
