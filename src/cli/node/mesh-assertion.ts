/** Which node an assertion says that it is from. Nobody is believed here: it is verified further in, and by then it must be of this connection. */

const LONGEST = 8192;

/** Undefined for what is no assertion. */
export const issuerIn = (token: string): string | undefined => {
  if (token.length > LONGEST) return undefined;
  const [payload = ''] = token.split('.', 1);
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString());
    const issuer = typeof claims === 'object' && claims !== null && 'iss' in claims ? claims.iss : undefined;
    return typeof issuer === 'string' ? issuer : undefined;
  } catch {
    return undefined;
  }
};
