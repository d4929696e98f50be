/** Every field that takes a URL: who writes it, what it takes, and how to put one there. */
import { webhookTo } from '../../src/cli/node/webhook.ts';
import { Fault } from '../../src/contract/index.ts';
import { guardedFetch } from '../../src/egress/index.ts';
import { systemWorld } from '../../src/kernel/index.ts';
import { applyTo, mcp, type Outcome, post, resource, rpc, type Scene } from './scene.ts';
import { type HostileUrl, LEADS_TO } from './urls.ts';

/** One outcome for each URL. What is refused is an outcome too, and nothing to throw. */
type Put = (scene: Scene, urls: readonly string[]) => Promise<readonly Outcome[]>;
type PutOne = (scene: Scene, url: string) => Promise<Outcome>;

export interface Field {
  readonly name: string;
  /** Of a door that may not be there yet; absent: it is. */
  readonly comesWith?: string;
  readonly put: Put;
  /** Absent: it is passed on to somebody else, who may think of it what they like. */
  readonly takes?: (entry: HostileUrl) => boolean;
  /** Not for this field. */
  readonly skips?: (entry: HostileUrl) => boolean;
  /** Makes us use what was taken. */
  readonly settle?: (scene: Scene) => Promise<void>;
}

const nothing = (): boolean => false;
const operators = ({ operator }: HostileUrl): boolean => operator === 'may';

const isRefusal = (thrown: unknown): Outcome => {
  if (thrown instanceof Fault) return 'refused';
  throw thrown;
};

const each =
  (put: PutOne): Put =>
  async (scene, urls) => {
    const outcomes: Outcome[] = [];
    for (const url of urls) outcomes.push(await put(scene, url));
    return outcomes;
  };

/** Which of them the configuration would take, all asked at once; nothing is in force afterwards. */
const configured =
  (of: (url: string, name: string) => object): Put =>
  async ({ hub }, urls) => {
    const resources = urls.map((url, at) => of(url, `r${at}`));
    const problems = await applyTo(hub, resources, true).then(
      () => [],
      (thrown: unknown) => {
        if (thrown instanceof Fault && Array.isArray(thrown.facts['problems']))
          return thrown.facts['problems'].map(String);
        throw thrown;
      },
    );
    return urls.map((_, at) => (problems.some((problem) => problem.startsWith(`r${at}: `)) ? 'refused' : 'taken'));
  };

const endpoint = (kind: string) =>
  configured((url, name) =>
    resource(kind, name, { endpoints: [{ url }], operations: [{ name: 'go', effect: 'read' }] }, 'work'),
  );

const provider = (issuer: string, jwks?: string): object => ({
  issuer,
  audience: ['airspace'],
  users: {},
  ...(jwks === undefined ? {} : { jwks: { url: jwks } }),
});

/** Whoever holds a token can make us ask its issuer for keys, as far as the issuer is configured. */
const askAll = async ({ hub, issuers }: Scene): Promise<void> => {
  const specs = issuers.map((issuer, at) => resource('IdentityProvider', `p${at}`, provider(issuer)));
  await applyTo(hub, specs);
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  for (const iss of issuers) {
    const claims = { iss, aud: 'airspace', sub: 'ann', exp: 4_000_000_000, iat: 1 };
    const token = `${part({ alg: 'RS256', kid: 'k' })}.${part(claims)}.${'A'.repeat(342)}`;
    const reply = await fetch(`${hub.url}/v1/whoami`, { headers: { authorization: `Bearer ${token}` } });
    if (reply.status !== 401) throw new Error(`a token of \`${iss}\` was answered with ${reply.status}`);
  }
};

/** Interfaces of one card. */
const CARD_SIZE = 15;

const isLoopback = ({ url }: HostileUrl): boolean =>
  /^(localhost|127(\.\d+){3}|\[::1\]|\[::ffff:7f00:1\])$/.test(URL.parse(url)?.hostname ?? '');

export const FIELDS: readonly Field[] = [
  { name: 'endpoint of an Agent', put: endpoint('Agent'), takes: operators },
  { name: 'endpoint of a Tool', put: endpoint('Tool'), takes: operators },
  { name: 'endpoint of a Model', put: endpoint('Model'), takes: operators },
  {
    name: 'keys of an IdentityProvider',
    put: configured((url, name) => resource('IdentityProvider', name, provider(`https://${name}.example`, url))),
    takes: operators,
  },
  {
    name: 'issuer of an IdentityProvider',
    put: async (scene, urls) => {
      const outcomes = await configured((issuer, name) => resource('IdentityProvider', name, provider(issuer)))(
        scene,
        urls,
      );
      scene.issuers.push(...urls.filter((_, at) => outcomes[at] === 'taken'));
      return outcomes;
    },
    takes: operators,
    // Real resolvers are asked for those, and they are elsewhere.
    skips: ({ url }) => (URL.parse(url)?.hostname ?? '') in LEADS_TO,
    settle: askAll,
  },
  {
    name: 'address that an instance announces',
    put: each(async ({ hub, agentKey }, url) => {
      const reply = await fetch(`${hub.url}/v1/instances`, {
        method: 'POST',
        headers: { authorization: `Bearer ${agentKey}`, 'content-type': 'application/json' },
        body: JSON.stringify({ id: 'one', kind: 'agent', name: 'shop', url, version: '1', labels: {}, state: 'ready' }),
      });
      if (reply.status >= 500) throw new Error(`an announcement was answered with ${reply.status}`);
      return reply.ok ? 'taken' : 'refused';
    }),
    // We are asked from this machine, and an agent may say where it is itself.
    takes: (entry) => entry.operator === 'may' && isLoopback(entry),
  },
  {
    name: 'approval webhook',
    put: each(async (_, url) => {
      const { clock } = systemWorld();
      const fetch = guardedFetch({ clock, resolve: async (name) => LEADS_TO[name] ?? ['127.0.0.1'] });
      return webhookTo(url, fetch)({ body: '{}', headers: {} }).then(() => 'taken' as const, isRefusal);
    }),
    takes: nothing,
  },
  {
    name: 'push notification config of an A2A task',
    comesWith: 'src/doors/a2a/index.ts',
    put: each((scene, url) =>
      rpc(scene, 'a2a/hearer', 'SendMessage', {
        message: { messageId: `m${scene.next()}`, role: 'ROLE_USER', parts: [{ text: 'tell me' }] },
        configuration: { taskPushNotificationConfig: { url } },
      }),
    ),
  },
  {
    name: 'interfaces of an agent card',
    comesWith: 'src/upstreams/a2a/index.ts',
    put: async (scene, urls) => {
      const outcomes: Outcome[] = [];
      for (let at = 0; at < urls.length; at += CARD_SIZE) {
        const some = urls.slice(at, at + CARD_SIZE);
        scene.sink.says = some;
        const outcome = await post(scene, `v1/agents/carded-${at / CARD_SIZE}/message`, { say: 'hello' });
        if (scene.sink.cardsRead <= at / CARD_SIZE) throw new Error('nobody has read the card');
        outcomes.push(...some.map(() => outcome));
      }
      return outcomes;
    },
    takes: nothing,
  },
  {
    name: 'file parts of an A2A message',
    comesWith: 'src/doors/a2a/index.ts',
    put: each((scene, url) =>
      rpc(scene, 'a2a/hearer', 'SendMessage', {
        message: { messageId: `m${scene.next()}`, role: 'ROLE_USER', parts: [{ url, mediaType: 'image/png' }] },
      }),
    ),
  },
  {
    name: 'resource links of an MCP tool',
    comesWith: 'src/doors/mcp/index.ts',
    put: each((scene, url) => {
      scene.sink.says = [url];
      return post(scene, 'v1/tools/linker/link', {});
    }),
  },
  {
    name: 'resources/read of an MCP server',
    comesWith: 'src/doors/mcp/index.ts',
    put: each((scene, uri) => {
      scene.sink.says = [uri];
      return mcp(scene, 'resources/read', { uri });
    }),
  },
  {
    name: 'image URLs of a chat',
    comesWith: 'src/doors/openai/index.ts',
    put: each(async (scene, url) => {
      const content = [{ type: 'image_url', image_url: { url } }];
      await post(scene, 'v1/chat/completions', { model: 'reader', messages: [{ role: 'user', content }] });
      return post(scene, 'v1/chat/completions', { model: 'seer', messages: [{ role: 'user', content }] });
    }),
  },
  {
    name: 'image URLs of messages',
    comesWith: 'src/doors/anthropic/index.ts',
    put: each(async (scene, url) => {
      const content = [{ type: 'image', source: { type: 'url', url } }];
      const words = { max_tokens: 10, messages: [{ role: 'user', content }] };
      await post(scene, 'v1/messages', { model: 'seer', ...words });
      return post(scene, 'v1/messages', { model: 'reader', ...words });
    }),
  },
  {
    name: 'register <url>',
    comesWith: 'src/discovery/index.ts',
    put: each((scene, url) => post(scene, 'v1/discover', { url }, { authorization: `Bearer ${scene.developerKey}` })),
    takes: nothing,
    // Real resolvers are asked for those, and they are elsewhere.
    skips: ({ url }) => (URL.parse(url)?.hostname ?? '') in LEADS_TO,
  },
];
