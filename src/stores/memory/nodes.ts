/** Joined nodes, one-time tokens and sequences in maps. */
import type { NodeEntry, NodeStore } from '../../contract/index.ts';

export class MemoryNodes implements NodeStore {
  readonly #nodes = new Map<string, NodeEntry>();
  readonly #tokens = new Map<string, { readonly grant: string; readonly expiresAtMs: number }>();
  readonly #sequences = new Map<string, number>();

  async put(node: NodeEntry): Promise<void> {
    this.#nodes.set(node.id, structuredClone(node));
  }

  async remove(id: string): Promise<void> {
    this.#nodes.delete(id);
  }

  async list(): Promise<readonly NodeEntry[]> {
    return structuredClone([...this.#nodes.values()].sort((a, b) => (a.id < b.id ? -1 : 1)));
  }

  async putToken(hash: string, grant: string, expiresAtMs: number): Promise<void> {
    this.#tokens.set(hash, { grant, expiresAtMs });
  }

  async takeToken(hash: string, nowMs: number): Promise<string | undefined> {
    const token = this.#tokens.get(hash);
    this.#tokens.delete(hash);
    return token !== undefined && nowMs < token.expiresAtMs ? token.grant : undefined;
  }

  async next(sequence: string): Promise<number> {
    const value = (this.#sequences.get(sequence) ?? 0) + 1;
    this.#sequences.set(sequence, value);
    return value;
  }
}
