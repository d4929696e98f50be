/** What is known of a span that an agent said: whose word it is, and what it tells beside. */
import type { JSX } from 'react';
import type { AgentSpan } from '../../../src/contract/index.ts';
import { duration, instant } from '../model/format.ts';
import { Text } from '../parts/text.tsx';

export const Said = ({ said }: { readonly said: AgentSpan }): JSX.Element => {
  const { principal, service, status, message, outcome, events = [], links = [], left } = said;
  return (
    <dl>
      <dt>said by</dt>
      <dd>
        <Text of={`${principal.kind}/${principal.id}`} most={80} /> <Text of={service} most={80} />{' '}
        <span className="faint">no node saw it: it counts in no budget, decision or metric of calls</span>
      </dd>
      {outcome !== undefined && (
        <>
          <dt>outcome</dt>
          <dd>
            <Text of={outcome.task} most={100} /> {outcome.result}
            {outcome.score === undefined ? '' : ` · score ${outcome.score}`}
          </dd>
        </>
      )}
      {message !== '' && (
        <>
          <dt>{status === 'error' ? 'error' : 'note'}</dt>
          <dd>
            <Text of={message} />
          </dd>
        </>
      )}
      {events.map(({ name, atMs, attributes }) => (
        <div key={`${name}${atMs}`}>
          <dt className="num">+{duration(Math.max(0, atMs - said.startedAtMs))}</dt>
          <dd>
            <Text of={name} most={80} />{' '}
            <span className="mute">
              <Text of={wordsOf(attributes)} />
            </span>
          </dd>
        </div>
      ))}
      {links.map(({ trace, span }) => (
        <div key={`${trace}${span}`}>
          <dt>link</dt>
          <dd>
            <code>{trace}</code> <code>{span}</code>
          </dd>
        </div>
      ))}
      {left > 0 && (
        <>
          <dt>left out</dt>
          <dd className="num">{left} attributes, events and links that were too many or too long</dd>
        </>
      )}
    </dl>
  );
};

/** `exception.type` is told without its family: the name of the event has it. */
const wordsOf = (attributes: AgentSpan['attributes']): string =>
  Object.entries(attributes)
    .map(([name, value]) => `${name.replace(/^exception\./, '')} ${String(value)}`)
    .join(' · ');

/** By its own clock, and under its own names. */
export const saidAttributes = ({ span, kind, startedAtMs, service, attributes }: AgentSpan) => ({
  ...{ span, kind, service, 'began by its clock': instant(startedAtMs) },
  ...attributes,
});
