/** Messages to other systems, signed so that whoever gets one can tell that it is from this node, and which try of which message it is. */

export interface SignedMessage {
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

export const WEBHOOK_HEADERS = {
  /** The same for each try: whoever has seen it has seen it. */
  id: 'airspace-webhook-id',
  /** Unix seconds, of this try. */
  timestamp: 'airspace-webhook-timestamp',
  /** `ed25519=` and base64, over `timestamp.id.body`. */
  signature: 'airspace-webhook-signature',
} as const;

/** Domain separation is the form itself: a number and a dot begin no other text that this key signs. */
export const signedWebhookText = (timestamp: string, id: string, body: string): string => `${timestamp}.${id}.${body}`;

/** `sign`: Ed25519 of the node. */
export const signedMessage = (
  id: string,
  body: string,
  wallMs: number,
  sign: (text: string) => Uint8Array,
): SignedMessage => {
  const timestamp = String(Math.floor(wallMs / 1_000));
  const signature = Buffer.from(sign(signedWebhookText(timestamp, id, body))).toString('base64');
  return {
    body,
    headers: {
      'content-type': 'application/json',
      [WEBHOOK_HEADERS.id]: id,
      [WEBHOOK_HEADERS.timestamp]: timestamp,
      [WEBHOOK_HEADERS.signature]: `ed25519=${signature}`,
    },
  };
};

const LONGEST_WAIT_MS = 5 * 60_000;

/** Longer after each try that failed, and never the same for two that began together. */
export const retryAfterMs = (tries: number, random: () => number): number =>
  Math.min(LONGEST_WAIT_MS, 1_000 * 2 ** tries) * (0.5 + random() / 2);
