/** Mesh: a sidecar on each side, the same layers in another order. No hub is on the way; policy and registry are already here. */

import { identify } from '../identity/index.ts';
import { compose, deadline, type Handler, retry, shed } from '../kernel/index.ts';
import { decide, redactReplies } from '../policy/index.ts';
import { route } from '../routing/index.ts';
import { trace } from '../telemetry/index.ts';
import type { Fresh } from './fresh.ts';
import { ifAny, type Parts, repeating, timing } from './parts.ts';
import { replayed } from './replayed.ts';

/** From the own agent to others. */
export const sidecarOut = (parts: Parts & { readonly fresh: Fresh }): Handler =>
  compose(
    trace({ ...parts, role: 'sidecar-out' }),
    parts.turnedBack,
    // The application side has one caller: the agent that this sidecar was started with, by its own secret.
    identify(parts.resolver),
    parts.resolving,
    parts.origins,
    // What was known of the hub when the call came is part of whatever is written about it.
    parts.fresh.noted,
    parts.audit.refusals,
    parts.lineage,
    // No sidecar replays anything: what belongs to a replay is refused here.
    replayed(parts),
    // An order to stop that has come this far needs no hub any more.
    parts.halt,
    deadline(timing(parts)),
    // A model that cannot take the call hands it to the next one of its chain, and everything below is asked about that one anew.
    ...ifAny(parts.fallback),
    ...ifAny(parts.downgrade),
    // What a sidecar may still do on an old snapshot depends on what the call does to the world.
    parts.fresh.checked,
    decide(parts),
    ...ifAny(parts.price),
    // Without the hub money is spent from what it leased, and from nothing else.
    parts.fresh.leased,
    parts.audit.sending,
    parts.record,
    ...ifAny(parts.payloads),
    redactReplies(),
    retry(repeating(parts)),
    // A call may have waited since: what is too old by now is not sent.
    parts.fresh.again,
  )(route(parts));

/** From other nodes to the own agent. It decides again: a caller's sidecar is the caller's, not ours. */
export const sidecarIn = (parts: Parts & { readonly fresh: Fresh }): Handler =>
  compose(
    trace({ ...parts, role: 'sidecar-in' }),
    parts.turnedBack,
    // Only nodes that joined, and each only for whom it may speak.
    identify(parts.resolver),
    parts.resolving,
    parts.origins,
    // What was known of the hub when the call came is part of whatever is written about it.
    parts.fresh.noted,
    parts.audit.refusals,
    parts.lineage,
    replayed(parts),
    parts.halt,
    parts.fresh.checked,
    // The agent behind has one machine's worth of capacity, and nobody else stands in front of it.
    shed(parts.gate),
    deadline(timing(parts)),
    decide(parts),
    // Charges what comes from no other node, such as the questions for facts of this one.
    ...ifAny(parts.price),
    parts.audit.sending,
    // No retry: there is one agent behind this sidecar, and the sender can try another.
    parts.record,
    ...ifAny(parts.payloads),
    redactReplies(),
    parts.fresh.again,
  )(route(parts));
