/** What nodes say of breakers: parsed with their heartbeat, and kept only as far as it is theirs to say. */
import { z } from 'zod';
import {
  BREAKER_STATES,
  type BreakerReport,
  MOST_REPORTED_BREAKERS,
  MOST_REPORTED_CHANGES,
  Name,
  type NodeEntry,
} from '../contract/index.ts';
import { nameOf } from './inbox.ts';
import type { Registry } from './registry.ts';

const short = z.string().min(1).max(255);
const timeMs = z.number().int().min(0);
const state = z.enum(BREAKER_STATES);

const Target = z.string().refine((text) => {
  const [kind = '', name = '', ...rest] = text.split('/');
  return ['agent', 'tool', 'model'].includes(kind) && Name.safeParse(name).success && rest.length === 0;
}, 'must be such as `agent/orders`');

export const BreakerReports = z
  .array(
    z.strictObject({
      node: short.exactOptional(),
      target: Target,
      domain: z.union([Name, z.literal('')]),
      endpoint: short,
      state,
      changes: z.array(z.strictObject({ atMs: timeMs, from: state, to: state })).max(MOST_REPORTED_CHANGES),
      held: z
        .strictObject({
          mode: z.enum(['open', 'closed']),
          reason: z.string().max(500),
          by: z.string().max(255),
          atMs: timeMs,
          untilMs: timeMs,
        })
        .exactOptional(),
      isStale: z.literal(true).exactOptional(),
    }) satisfies z.ZodType<BreakerReport>,
  )
  .max(MOST_REPORTED_BREAKERS);

/** A breaker as this hub believes it: with the name under which its node is known here. */
export type BreakerHeard = BreakerReport & { readonly node: string };

/**
 * INVARIANT: whose a breaker is said to be is the node that said so, or one below it. It may be a breaker of any target that the node's
 * tenant has here, for a node calls others; of which domain that is we say. A target that nobody declared here is private to the domain of a
 * hub: its word counts for that domain and below. What is neither is left out.
 */
export const breakersSaid = (
  node: NodeEntry,
  registry: Pick<Registry, 'target' | 'isWithin'>,
  reports: readonly BreakerReport[],
): readonly BreakerHeard[] =>
  reports.flatMap((report) => {
    const [kind = '', name = ''] = report.target.split('/');
    const known = registry.target(node.tenant, kind as 'agent' | 'tool' | 'model', name);
    const isTheirs = node.role === 'domain' && registry.isWithin(node.tenant, report.domain, node.domain);
    if (known === undefined && !isTheirs) return [];
    return [{ ...report, domain: known?.domain ?? report.domain, node: nameOf(node, report.node ?? node.id) }];
  });

/** Those that keep calls away first, then by their last change. */
export const byUrgency = (a: BreakerReport, b: BreakerReport): number => rank(a) - rank(b) || lastMs(b) - lastMs(a);

const rank = ({ state: is, held, isStale }: BreakerReport): number =>
  isStale === true ? 2 : is !== 'closed' || held !== undefined ? 0 : 1;
const lastMs = ({ changes, held }: BreakerReport): number => Math.max(changes[0]?.atMs ?? 0, held?.atMs ?? 0);

/** The most urgent of them, cut to what a hub takes: one that is too long would cost the whole heartbeat. */
export const breakersTold = (reports: readonly BreakerReport[]): readonly BreakerReport[] =>
  reports
    .toSorted(byUrgency)
    .slice(0, MOST_REPORTED_BREAKERS)
    .map((report) => ({
      ...report,
      endpoint: report.endpoint.slice(0, 255),
      changes: report.changes.slice(0, MOST_REPORTED_CHANGES),
    }));
