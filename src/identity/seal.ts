/** A node's seal under words that it hands out and gets back: cheap for itself, and checkable by others where they may be shown it. */
import { createHash, createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto';
import type { NodeEntry } from '../contract/index.ts';
import { type NodeKey, verifySignature } from './nodekey.ts';

/** Domain separation: nothing else that a node signs can pass for one of these. */
const PURPOSE = 'run\n';
const FORM = /^([hs])~([A-Za-z0-9._-]{1,128})~([A-Za-z0-9_-]{1,8000})~([A-Za-z0-9_-]{43,86})$/;

/** What a seal was under, and whose it is: null for this node's own. */
export interface Unsealed {
  readonly text: string;
  readonly issuer: NodeEntry | null;
}

/** Why a token says nothing. `elsewhere`: it may be good, and only node `node` can tell. */
export type Broken = { readonly broken: 'forged' } | { readonly broken: 'elsewhere'; readonly node: string };

export class Seal {
  readonly #node: string;
  readonly #key: NodeKey;
  readonly #secret: KeyObject;

  constructor(node: string, key: NodeKey) {
    this.#node = node;
    this.#key = key;
    // Ed25519 signs the same text the same way: the secret outlives a restart and needs no file of its own.
    this.#secret = createSecretKey(createHash('sha256').update(key.sign('run-secret\n')).digest());
  }

  /** For this node itself (HMAC-SHA-256), or with `others` for every node that knows it (Ed25519, twenty times as dear). */
  put(text: string, others: boolean): string {
    const payload = Buffer.from(text).toString('base64url');
    const head = `${others ? 's' : 'h'}~${this.#node}~${payload}`;
    return `${head}~${others ? this.#key.sign(PURPOSE + head).toString('base64url') : this.#mac(head)}`;
  }

  open(token: string, nodeOf: (id: string) => NodeEntry | undefined): Unsealed | Broken {
    const [, kind = '', node = '', payload = '', mark = ''] = FORM.exec(token) ?? [];
    const head = token.slice(0, -mark.length - 1);
    const own = node === this.#node;
    if (kind === 'h' && !own) return nodeOf(node) === undefined ? { broken: 'forged' } : { broken: 'elsewhere', node };
    const issuer = own ? null : nodeOf(node);
    const holds =
      kind === 'h'
        ? equal(mark, this.#mac(head))
        : verifySignature(issuer?.publicKey ?? this.#key.publicKey, PURPOSE + head, Buffer.from(mark, 'base64url'));
    if (kind === '' || issuer === undefined || !holds) return { broken: 'forged' };
    return { text: Buffer.from(payload, 'base64url').toString(), issuer };
  }

  #mac(head: string): string {
    return createHmac('sha256', this.#secret).update(head).digest('base64url');
  }
}

/** A hub hands tokens to every agent, a domain hub to those of its tenant, a sidecar to its own agent only. */
export const mayHandTo = (issuer: NodeEntry, tenant: string, agent: string): boolean =>
  issuer.role === 'hub' ||
  (issuer.tenant === tenant && (issuer.role === 'domain' || (issuer.agent !== '' && issuer.agent === agent)));

const equal = (a: string, b: string): boolean =>
  a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
