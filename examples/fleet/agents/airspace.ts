/** How an agent of the fleet calls others: one POST to Airspace, with the trace and the time that it was given itself. */

/** Whatever was not answered with success, in the words of the problem document (RFC 9457) that came back. */
export class NotAnswered extends Error {
  readonly status: number;
  /** Airspace's fault code such as `denied`, or empty when the target itself said no. */
  readonly code: string;
  /** Rules that denied, as `level/id`. */
  readonly rules: readonly string[];
  constructor(status: number, detail: string, code: string, rules: readonly string[]) {
    super(detail);
    this.status = status;
    this.code = code;
    this.rules = rules;
  }
}

export interface Airspace {
  /** `path`: `agents/orders/where`. Throws `NotAnswered`, or whatever `fetch` throws when Airspace itself is away. */
  call(path: string, input: unknown): Promise<unknown>;
}

export interface AirspaceOptions {
  readonly url: string;
  readonly key: string;
  /** Ends with the call that this one is made for. */
  readonly signal: AbortSignal;
  /** Passed on so that the whole conversation is one trace: `traceparent`, `airspace-session`. */
  readonly headers: Readonly<Record<string, string>>;
  /** Milliseconds that are left, asked anew for each call. */
  readonly remainingMs: () => number;
}

export const airspaceAt = ({ url, key, signal, headers, remainingMs }: AirspaceOptions): Airspace => ({
  call: async (path, input) => {
    const response = await fetch(`${url}/v1/${path}`, {
      method: 'POST',
      signal,
      headers: {
        ...headers,
        authorization: `Bearer ${key}`,
        'content-type': 'application/json',
        'airspace-timeout-ms': String(Math.max(1, Math.floor(remainingMs()))),
      },
      body: JSON.stringify(input),
    });
    const reply = parse(await response.text());
    if (response.ok) return reply;
    throw notAnswered(response.status, reply);
  },
});

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
};

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const notAnswered = (status: number, reply: unknown): NotAnswered => {
  const { detail, code, facts } = isRecord(reply) ? reply : {};
  const rules = isRecord(facts) && Array.isArray(facts['rules']) ? facts['rules'].map(String) : [];
  return new NotAnswered(
    status,
    typeof detail === 'string' ? detail : `answered ${status}`,
    typeof code === 'string' ? code : '',
    rules,
  );
};
