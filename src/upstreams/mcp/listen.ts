/** What servers announce, for clients of either era from servers of either era. */
import { DEFAULT_STREAM_TIMEOUT_MS } from '../../contract/index.ts';
import { META, membersOf, notificationText, objectOf } from '../../dialects/mcp/index.ts';
import { remainingMs } from '../../kernel/index.ts';
import type { Asking } from './asking.ts';
import { announced, askLegacy, tell } from './legacy.ts';
import { askModern, type Telling } from './modern.ts';
import type { Said } from './said.ts';
import type { Session } from './sessions.ts';
import { invalid, type Wire } from './wire.ts';

const LONGEST_QUIET_MS = 3_600_000;

/** Nothing to announce is no trouble: the deadline of the call ends it. */
export const quietMs = ({ scope }: Wire): number =>
  Math.max(
    1,
    Math.min(LONGEST_QUIET_MS, Number.isFinite(remainingMs(scope)) ? remainingMs(scope) : DEFAULT_STREAM_TIMEOUT_MS),
  );

const LISTS: Readonly<Record<string, string>> = {
  'notifications/tools/list_changed': 'toolsListChanged',
  'notifications/prompts/list_changed': 'promptsListChanged',
  'notifications/resources/list_changed': 'resourcesListChanged',
};
const UPDATED = 'notifications/resources/updated';
const ACKNOWLEDGED = 'notifications/subscriptions/acknowledged';
const MOST_URIS = 100;

interface Wanted {
  readonly lists: ReadonlySet<string>;
  readonly uris: readonly string[];
}

const wantedIn = (params: string): Wanted => {
  const { notifications = {} } = JSON.parse(params) as { readonly notifications?: Readonly<Record<string, unknown>> };
  const { resourceSubscriptions } = notifications;
  const uris = Array.isArray(resourceSubscriptions)
    ? resourceSubscriptions.filter((uri) => typeof uri === 'string')
    : [];
  return {
    lists: new Set(Object.values(LISTS).filter((name) => notifications[name] === true)),
    uris: uris.slice(0, MOST_URIS),
  };
};

/** `subscriptions/listen` where the server has a session stream and `resources/subscribe`. The session is this stream's alone. */
export async function* listenToLegacy(wire: Wire, asking: Asking, session: Session): AsyncGenerator<Said> {
  const wanted = wantedIn(asking.params);
  const id = session.nextId++;
  for (const uri of wanted.uris) {
    const subscribing = { ...asking, method: 'resources/subscribe', params: JSON.stringify({ uri }) };
    for await (const said of askLegacy(subscribing, { wire, session, quietMs: quietMs(wire) })) {
      if (said.kind === 'error') yield said;
      if (said.kind !== 'message') break;
    }
  }
  const filter = {
    ...Object.fromEntries([...wanted.lists].map((name) => [name, true])),
    resourceSubscriptions: wanted.uris,
  };
  yield { kind: 'message', json: tagged(ACKNOWLEDGED, JSON.stringify({ notifications: filter }), id) };
  const refuse = (request: { readonly id: string | number }): void => {
    const error = { code: -32601, message: 'nobody is there to be asked' };
    tell(wire, session, JSON.stringify({ jsonrpc: '2.0', id: request.id, error })).catch(() => {});
  };
  for await (const said of announced(wire, session, quietMs(wire), refuse)) {
    if (said.kind !== 'message') yield said;
    else {
      const { method, params } = noteIn(said.json);
      if (wanted.lists.has(LISTS[method] ?? '') || (method === UPDATED && wanted.uris.length > 0))
        yield { kind: 'message', json: tagged(method, params, id) };
    }
  }
}

const noteIn = (json: string): { readonly method: string; readonly params: string } => {
  const members = membersOf(json);
  return { method: JSON.parse(members?.get('method') ?? '""') as string, params: members?.get('params') ?? '{}' };
};

const tagged = (method: string, params: string, id: number): string => {
  const members = new Map(membersOf(params));
  const meta = new Map(membersOf(members.get('_meta') ?? '{}')).set(META.subscription, String(id));
  return notificationText(method, objectOf(members.set('_meta', objectOf(meta))));
};

const untagged = (json: string): string => {
  const { method, params } = noteIn(json);
  const members = new Map(membersOf(params));
  members.delete('_meta');
  return notificationText(method, members.size === 0 ? undefined : objectOf(members));
};

/** The stream of a legacy client's session, of a server that has none: opened anew whenever the client follows other resources. */
export async function* listenToModern(
  asking: Asking,
  session: Session,
  telling: (stopped: Promise<void>) => { readonly telling: Telling; readonly stop: () => void },
): AsyncGenerator<Said> {
  for (;;) {
    const changed = new Promise<void>((resolve) => {
      session.changed = resolve;
    });
    let isStale = false;
    void changed.then(() => {
      isStale = true;
    });
    const filter = {
      ...Object.fromEntries(Object.values(LISTS).map((name) => [name, true])),
      ...(session.uris.size === 0 ? {} : { resourceSubscriptions: [...session.uris] }),
    };
    const one = telling(changed);
    const listening = { ...asking, method: 'subscriptions/listen', params: JSON.stringify({ notifications: filter }) };
    try {
      for await (const said of askModern(listening, one.telling)) {
        if (said.kind === 'message' && noteIn(said.json).method === ACKNOWLEDGED) yield { kind: 'message', json: '' };
        else if (said.kind === 'message') yield { kind: 'message', json: untagged(said.json) };
        else if (said.kind === 'error') {
          yield said;
          return;
        }
      }
      if (!isStale) throw invalid('stopped to announce anything');
    } catch (thrown) {
      if (!isStale) throw thrown;
    } finally {
      one.stop();
    }
  }
}
