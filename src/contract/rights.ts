/** How far somebody's say over configuration reaches. Every change carries it, so that no door can forget to ask. */
import type { TargetKind } from './call.ts';
import type { CallEvent } from './event.ts';
import type { Resource } from './resources/index.ts';

export type Rights =
  /** Everything in the tenant that the request is about. */
  | { readonly kind: 'tenant' }
  /** What belongs to these domains, and to domains below them. */
  | {
      readonly kind: 'domains';
      readonly tenant: string;
      readonly domains: readonly string[];
      /** The domain hub whose exports these are: it changes what it exported itself, and nothing else. */
      readonly exporter?: string;
    };

export const WHOLE_TENANT: Rights = { kind: 'tenant' };

/** What somebody with such rights may look at. */
export interface Belonging {
  domain(name: string): boolean;
  target(kind: TargetKind, name: string): boolean;
  resource(resource: Resource): boolean;
  /** Made by one of theirs, or to one of theirs. */
  call(event: Pick<CallEvent, 'tenant' | 'principal' | 'target'>): boolean;
}
