/** One step of the way: its number, its name, how it stands, and what there is to do. */
import type { JSX, ReactNode } from 'react';

interface StepProps {
  readonly number: number;
  readonly name: string;
  /** In a word or two; absent: nothing is known yet. */
  readonly state?: { readonly mood: '' | 'ok' | 'warn' | 'bad' | 'info'; readonly word: string } | undefined;
  readonly action?: ReactNode;
  readonly children: ReactNode;
}

export const StepBox = ({ number, name, state, action, children }: StepProps): JSX.Element => (
  <section className="step" aria-label={name} tabIndex={-1}>
    <header>
      <span className="num">{number}</span>
      <h3>{name}</h3>
      {state !== undefined && <span className={`badge ${state.mood}`}>{state.word}</span>}
      <span className="grow" />
      {action}
    </header>
    {children}
  </section>
);
