/** Hub and spoke: every call passes this list, from top to bottom, and its reply passes it back. This is the product. */
import { identify } from '../identity/index.ts';
import { compose, deadline, type Handler, retry, shed } from '../kernel/index.ts';
import { decide, redactReplies } from '../policy/index.ts';
import { nameDomain, route } from '../routing/index.ts';
import { trace } from '../telemetry/index.ts';
import type { Fresh } from './fresh.ts';
import { ifAny, type Parts, repeating, timing } from './parts.ts';
import { replayed } from './replayed.ts';

export const hub = (parts: Parts): Handler => pipeline(parts, 'hub');

/** A domain's hub is the same list at another place of the tree; `fresh` are the layers of a node that has a hub itself. */
export const pipeline = (parts: Parts, role: 'hub' | 'domain', fresh?: Fresh): Handler =>
  compose(
    // Outermost, so that a refused call leaves a record too.
    trace({ ...parts, role }),
    // An address that is this node itself would be called for ever.
    parts.turnedBack,
    // No credential, no principal; no principal, no call.
    identify(parts.resolver),
    // A capability becomes whoever provides it, so that everything below is asked about one target.
    parts.resolving,
    // Who is behind a call is known when it comes, and asked when somebody votes on it.
    parts.origins,
    ...ifAny(fresh?.noted),
    // Whoever is refused below is known by name, and the refusal is part of the audit.
    parts.audit.refusals,
    // Calls that go in circles end here, before they cost anything.
    parts.lineage,
    // A request that is made again leaves here: decided like any other, answered from what was recorded.
    replayed(parts),
    // Who is to stop, stops: before anything that depends on configuration, and around everything that can still run.
    parts.halt,
    // Refusing must be the cheapest thing that a busy node does, so it comes before the work.
    shed(parts.gate),
    // Before anything that can wait: from here on the time of the call is running.
    deadline(timing(parts)),
    // A model that cannot take the call hands it to the next one of its chain, and everything below is asked about that one anew.
    ...ifAny(parts.fallback),
    // A budget that runs low may send it to a cheaper model: policy is asked about the one that will really be called.
    ...ifAny(parts.downgrade),
    // Without a hub above it, what it may still do depends on what the call does to the world.
    ...ifAny(fresh?.checked),
    // Policy says yes or no, and a yes gives the permit without which no upstream opens a connection. What wants an approval waits
    // for people there, and comes again from the top when it has one.
    decide(parts),
    // What it may come to is known before it is sent, and the record layer sets it aside.
    ...ifAny(parts.price),
    ...ifAny(fresh?.leased),
    // The line that says what is sent, for the transaction of the intent.
    parts.audit.sending,
    // The intent is durable before any byte leaves, the outcome before the caller hears it.
    parts.record,
    // Where a limit wants payloads in the log: those that others get too, with nothing in them that was taken out.
    ...ifAny(parts.payloads),
    // What the limits keep from the caller, the record does not get either.
    redactReplies(),
    // Whoever called a domain that is away hears which one, and no address.
    nameDomain(parts.planOf),
    // Around the choice of an endpoint, so that a second try may go elsewhere.
    retry(repeating(parts)),
    ...ifAny(fresh?.again),
    // Who is well gets the call; a breaker belongs to one endpoint, so it stands innermost, inside the choice.
  )(route(parts));
