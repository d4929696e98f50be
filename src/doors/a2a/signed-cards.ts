/** The cards that this door shows, each for its reader, and signed by the node. */
import { Fault, type Principal } from '../../contract/index.ts';
import type { AgentCard } from '../../dialects/a2a/index.ts';
import { cardOf, nodeCard, type Place } from './cards.ts';
import type { A2aDoorOptions } from './port.ts';
import type { Addressed, Targets } from './targets.ts';

type CardParts = Pick<
  A2aDoorOptions,
  'url' | 'grpc' | 'post' | 'logins' | 'tenant' | 'directory' | 'isPublic' | 'signing'
>;

const MOST_SIGNED = 500;

export class SignedCards {
  readonly #options: CardParts;
  readonly #targets: Targets;
  readonly #signatures = new Map<string, AgentCard>();

  constructor(options: CardParts, targets: Targets) {
    this.#options = options;
    this.#targets = targets;
  }

  /** Signed, for this reader. Throws `not_found` also for what the reader may not call: the two look alike. */
  async shownTo(principal: Principal, addressed: Addressed): Promise<AgentCard> {
    const place = this.#place(principal.tenant);
    if (addressed === null) return this.#signed(nodeCard(await this.#targets.all(principal), place, 'all'));
    const entry = await this.#targets.visible(principal, addressed);
    if (entry === undefined)
      throw new Fault('not_found', `there is no ${addressed.kind} \`${addressed.name}\` that you may call`);
    return this.#signed(cardOf(entry, place, 'all'));
  }

  /** For whoever has no credential: everything of what is public, the name of everything else. */
  async shownToAll(addressed: Addressed): Promise<AgentCard> {
    const { tenant, directory, isPublic } = this.#options;
    const place = this.#place(tenant);
    if (addressed === null) return this.#signed(nodeCard([], place, 'name'));
    const entry = directory.find(tenant, addressed.kind, addressed.name);
    if (entry === undefined) throw new Fault('not_found', `there is no ${addressed.kind} \`${addressed.name}\``);
    return this.#signed(cardOf(entry, place, isPublic?.(entry) === true ? 'all' : 'name'));
  }

  #place(tenant: string): Place {
    const { url, grpc, post, logins } = this.#options;
    return { url: url(), grpc: grpc?.() ?? '', hasPush: post !== undefined, logins: logins?.(tenant) ?? [] };
  }

  /** The same card is signed once: signing is dear. */
  async #signed(card: AgentCard): Promise<AgentCard> {
    const key = JSON.stringify(card);
    const known = this.#signatures.get(key);
    if (known !== undefined) return known;
    const signed = await this.#options.signing.card(card);
    if (this.#signatures.size >= MOST_SIGNED) this.#signatures.delete(this.#signatures.keys().next().value!);
    this.#signatures.set(key, signed);
    return signed;
  }
}
