/** Hub and spoke: every call passes this list, from top to bottom, and its reply passes it back. This is the product. */
import { identify } from '../identity/index.ts';
import { compose, deadline, type Handler, type Layer, retry, shed } from '../kernel/index.ts';
import { decide, redactReplies } from '../policy/index.ts';
import { route } from '../routing/index.ts';
import { trace } from '../telemetry/index.ts';
import { ifAny, type Parts, repeating, timing } from './parts.ts';

export const hub = (parts: Parts): Handler => pipeline(parts, 'hub');

/** A domain's hub is the same list at another place of the tree; `own` are the layers that only that place needs. */
export const pipeline = (parts: Parts, role: 'hub' | 'domain', ...own: readonly Layer[]): Handler =>
  compose(
    // Outermost, so that a refused call leaves a record too.
    trace({ ...parts, role }),
    // An address that is this node itself would be called for ever.
    parts.turnedBack,
    // No credential, no principal; no principal, no call.
    identify(parts.resolver),
    // Who is behind a call is known when it comes, and asked when somebody votes on it.
    parts.origins,
    // Whoever is refused below is known by name, and the refusal is part of the audit.
    parts.audit.refusals,
    // Calls that go in circles end here, before they cost anything.
    parts.lineage,
    // Who is to stop, stops: before anything that depends on configuration, and around everything that can still run.
    parts.halt,
    ...own,
    // Refusing must be the cheapest thing that a busy node does, so it comes before the work.
    shed(parts.gate),
    // Before anything that can wait: from here on the time of the call is running.
    deadline(timing(parts)),
    // A model that cannot take the call hands it to the next one of its chain, and everything below is asked about that one anew.
    ...ifAny(parts.fallback),
    // A budget that runs low may send it to a cheaper model: policy is asked about the one that will really be called.
    ...ifAny(parts.downgrade),
    // Policy says yes or no, and a yes gives the permit without which no upstream opens a connection. What wants an approval waits
    // for people there, and comes again from the top when it has one.
    decide(parts),
    // What it may come to is known before it is sent, and the record layer sets it aside.
    ...ifAny(parts.price),
    // The line that says what is sent, for the transaction of the intent.
    parts.audit.sending,
    // The intent is durable before any byte leaves, the outcome before the caller hears it.
    parts.record,
    // What the limits keep from the caller, the record does not get either.
    redactReplies(),
    // Around the choice of an endpoint, so that a second try may go elsewhere.
    retry(repeating(parts)),
    // Who is well gets the call; a breaker belongs to one endpoint, so it stands innermost, inside the choice.
  )(route(parts));
