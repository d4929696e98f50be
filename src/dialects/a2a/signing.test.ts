import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as sdk from '@a2a-js/sdk';
import fc from 'fast-check';
import { generateKeyPair } from 'jose';
import { canonicalJson, signCard, verifyCard } from './signing.ts';
import { anyV1 } from './testing.ts';
import type { AgentCard } from './types.ts';

const { publicKey, privateKey } = await generateKeyPair('ES256');
const known = async ({ kid }: { readonly kid: string }) => (kid === 'a' ? publicKey : undefined);
const key = { key: privateKey, alg: 'ES256', kid: 'a' };

const CARD: AgentCard = {
  name: 'orders',
  description: '',
  supportedInterfaces: [{ url: 'https://a.example', protocolBinding: 'JSONRPC', protocolVersion: '1.0', tenant: '' }],
  version: '1',
  capabilities: { streaming: false, extensions: [] },
  defaultInputModes: ['text/plain'],
  defaultOutputModes: [],
  skills: [{ id: 's', name: 's', description: '€', tags: [], examples: [] }],
};

test('a card that the reference signed is good, and one that we signed is good to the reference', async () => {
  const sign = sdk.generateAgentCardSignature(privateKey, { alg: 'ES256', kid: 'a', typ: 'JOSE' });
  const verify = sdk.verifyAgentCardSignature(async () => publicKey);
  const cards = [CARD, ...fc.sample(anyV1('AgentCard'), { numRuns: 15, seed: 7 })].map((card) => {
    // The reference forgets the security schemes of a card when it signs it and when it verifies it.
    const { signatures: _, securitySchemes: __, ...rest } = card;
    return rest;
  });
  for (const card of cards) {
    const theirs = sdk.AgentCard.toJSON(await sign(sdk.AgentCard.fromJSON(card))) as AgentCard;
    assert.equal(await verifyCard(theirs, known), 'good', JSON.stringify(card));
    await verify(sdk.AgentCard.fromJSON(await signCard(card, key)));
  }
});

test('a card that was changed, signed by a stranger, or not at all is told apart', async () => {
  const signed = await signCard(CARD, key);
  assert.equal(await verifyCard(signed, known), 'good');
  assert.equal(await verifyCard({ ...signed, name: 'other' }, known), 'wrong');
  assert.equal(await verifyCard(await signCard(CARD, { ...key, kid: 'b' }), known), 'unknown');
  assert.equal(await verifyCard(CARD, known), 'none');
});

test('no signature without algorithm, or with a secret that both sides have, is believed', async () => {
  const header = (fields: object): string => Buffer.from(JSON.stringify(fields)).toString('base64url');
  for (const alg of ['none', 'HS256']) {
    const signatures = [{ protected: header({ alg, kid: 'a' }), signature: '' }];
    assert.equal(await verifyCard({ ...CARD, signatures }, known), 'unknown');
  }
  assert.equal(await verifyCard({ ...CARD, signatures: [{ protected: '%', signature: '' }] }, known), 'unknown');
});

test('canonical JSON sorts by UTF-16 and writes numbers as JavaScript does', () => {
  assert.equal(
    canonicalJson({ '€': 1, '\r': 2, a: [1e21, 0.000001, null, 'é\n'], 1: {} }),
    '{"\\r":2,"1":{},"a":[1e+21,0.000001,null,"é\\n"],"€":1}',
  );
});
