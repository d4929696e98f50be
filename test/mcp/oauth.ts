/** A client that knows nothing but an address: it is told where to get a token, gets one, and is let in as the agent that it is. */
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import type { Server } from 'node:http';
import { createServer } from 'node:net';
import { after, before, test } from 'node:test';
import { Client, ClientCredentialsProvider, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { mintKey } from '../../src/identity/index.ts';
import { resource } from './scene.ts';
import { house } from './shared.ts';

let issuer: string;
let server: Server;
const SECRET = 's'.repeat(40);

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => resolve(port));
    });
  });

/** An authorisation server with one client; tokens are for the resource that the client asks for. */
const startIssuer = async (): Promise<{ readonly url: string; readonly jwk: object; readonly server: Server }> => {
  const { default: Provider } = (await import('oidc-provider')) as never as {
    default: new (...args: unknown[]) => { listen(...args: unknown[]): Server };
  };
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const marks = { kid: 'one', alg: 'ES256', use: 'sig' };
  const url = `http://127.0.0.1:${await freePort()}`;
  const provider = new Provider(url, {
    jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), ...marks }] },
    clients: [
      {
        ...{ client_id: 'desk-robot', client_secret: SECRET, grant_types: ['client_credentials'] },
        ...{ redirect_uris: [], response_types: [], token_endpoint_auth_method: 'client_secret_basic' },
      },
    ],
    clientDefaults: { id_token_signed_response_alg: 'ES256' },
    enabledJWA: { idTokenSigningAlgValues: ['ES256'] },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        useGrantedResource: () => true,
        getResourceServerInfo: (_: unknown, audience: string) => ({
          ...{ scope: '', audience, accessTokenFormat: 'jwt', accessTokenTTL: 300 },
          jwt: { sign: { alg: 'ES256' } },
        }),
      },
    },
  });
  const listening = provider.listen(Number(new URL(url).port), '127.0.0.1');
  await new Promise((resolve) => listening.once('listening', resolve));
  return { url, jwk: { ...publicKey.export({ format: 'jwk' }), ...marks }, server: listening };
};

before(async () => {
  const started = await startIssuer();
  ({ url: issuer, server } = started);
  await house.apply([
    resource('IdentityProvider', 'company', {
      issuer,
      audience: [`${house.hub.url}/mcp`],
      algorithms: ['ES256'],
      jwks: { keys: [started.jwk] },
      workloads: [{ sub: 'desk-robot', agent: 'bob' }],
    }),
  ]);
});
after(() => {
  server.closeAllConnections();
  server.close();
});

const connect = async (place: string): Promise<Client> => {
  const client = new Client({ name: 'test', version: '1' }, { versionNegotiation: { mode: 'auto' } });
  const authProvider = new ClientCredentialsProvider({
    clientId: 'desk-robot',
    clientSecret: SECRET,
    expectedIssuer: issuer,
  });
  await client.connect(new StreamableHTTPClientTransport(new URL(`${house.hub.url}${place}`), { authProvider }));
  return client;
};

test('an unmodified client finds its way from the address to a call', async () => {
  const client = await connect('/mcp');
  const { tools } = await client.listTools();
  assert.deepEqual(
    tools.map(({ name }) => name),
    ['fixture__test_echo', 'plain__look'],
  );
  const { content } = await client.callTool({ name: 'fixture__test_echo', arguments: { text: 'in' } });
  assert.deepEqual(content, [{ type: 'text', text: '{"text":"in"}' }]);
  assert.equal(house.fixture.seen.at(-1)?.headers.authorization, undefined, 'its token goes no further');
  await client.close();
});

test('a token for something else opens nothing', async () => {
  await assert.rejects(connect('/mcp/fixture'));
});

test('the metadata says for each resource what it is, and who gives tokens', async () => {
  for (const path of ['', '/mcp', '/mcp/fixture']) {
    const answer = await fetch(`${house.hub.url}/.well-known/oauth-protected-resource${path}`);
    const metadata = (await answer.json()) as Record<string, unknown>;
    assert.equal(metadata['resource'], `${house.hub.url}${path || '/mcp'}`);
    assert.deepEqual(metadata['authorization_servers'], [issuer]);
  }
  assert.equal((await fetch(`${house.hub.url}/.well-known/oauth-protected-resource/admin`)).status, 404);
});

test('a key that is narrowed to other things is told which scope it would need', async () => {
  const key = mintKey('bob-2');
  await house.apply([
    resource('Key', 'bob-2', {
      principal: { kind: 'agent', name: 'bob' },
      secretHash: key.secretHash,
      scopes: ['read'],
    }),
  ]);
  const answer = await fetch(`${house.hub.url}/mcp`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key.secret}`, 'content-type': 'application/json' },
    body: '{}',
  });
  assert.equal(answer.status, 403);
  assert.match(
    answer.headers.get('www-authenticate') ?? '',
    /error="insufficient_scope", scope="call", resource_metadata="http/,
  );
});
