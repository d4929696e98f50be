/** Keeps an instance known to its hub: a heartbeat every 2 s, a last one that says it drains, and its removal. */

export interface Instance {
  readonly kind: 'agent';
  readonly name: string;
  readonly url: string;
  readonly version: string;
  readonly labels: Readonly<Record<string, string>>;
}

export interface Registration {
  /** No new calls, please. Resolves when the hub was told, or could not be. */
  drain(): Promise<void>;
  end(): Promise<void>;
}

const BEAT_MS = 2_000;

export const register = (hub: { readonly url: string; readonly key: string }, instance: Instance): Registration => {
  const at = `${hub.url.replace(/\/+$/, '')}/v1/instances`;
  const id = `${instance.name}@${new URL(instance.url).host}`;
  const headers = { authorization: `Bearer ${hub.key}`, 'content-type': 'application/json' };
  let state: 'ready' | 'draining' = 'ready';
  let reached = true;
  const ask = async (method: string, url: string, body: string | null): Promise<void> => {
    try {
      const reply = await fetch(url, { method, headers, body, signal: AbortSignal.timeout(BEAT_MS) });
      note(reply.ok, await reasonOf(reply));
    } catch (thrown) {
      note(false, String(thrown));
    }
  };
  // Once per change: a hub that is away must not fill the agent's log.
  const note = (ok: boolean, why: string): void => {
    if (ok !== reached)
      console.error(ok ? `${id}: the hub knows this instance` : `${id}: the hub does not take this instance: ${why}`);
    reached = ok;
  };
  const beat = (): Promise<void> => ask('POST', at, JSON.stringify({ id, ...instance, state }));
  void beat();
  const timer = setInterval(() => void beat(), BEAT_MS);
  return {
    drain: () => {
      state = 'draining';
      return beat();
    },
    end: () => {
      clearInterval(timer);
      return ask('DELETE', `${at}/${encodeURIComponent(id)}`, null);
    },
  };
};

/** What the hub says of it, so that the author of an agent need not look it up. Empties the reply. */
const reasonOf = async (reply: Response): Promise<string> => {
  try {
    const { detail } = (await reply.json()) as { detail?: unknown };
    return typeof detail === 'string' ? detail.slice(0, 500) : `status ${reply.status}`;
  } catch {
    return `status ${reply.status}`;
  }
};
