/** Requests to the admin door of the node that served the page, with the session of whoever looks. */

/** A no of the node, in its own words. */
export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  readonly callId: string;

  constructor(status: number, code: string, detail: string, callId = '') {
    super(detail);
    this.status = status;
    this.code = code;
    this.callId = callId;
  }
}

type Query = Readonly<Record<string, string | number | undefined>>;

/** Throws `Problem`; code `unreachable` when there is no answer at all. */
export const get = <T>(path: string, query: Query = {}, signal?: AbortSignal): Promise<T> => {
  const given = Object.entries(query).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]]));
  const search = new URLSearchParams(given).toString();
  return send<T>(search === '' ? path : `${path}?${search}`, signal === undefined ? {} : { signal });
};

/** `csrf`: the token of the session; without it nothing is changed. */
export const post = <T>(path: string, body: unknown, csrf: string): Promise<T> =>
  send<T>(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-airspace-csrf': csrf },
    body: JSON.stringify(body),
  });

/** `csrf` as for `post`. */
export const remove = <T>(path: string, csrf: string): Promise<T> =>
  send<T>(path, { method: 'DELETE', headers: { 'x-airspace-csrf': csrf } });

const send = async <T>(path: string, init: RequestInit): Promise<T> => {
  const response = await fetch(path, { ...init, credentials: 'same-origin', cache: 'no-store' }).catch((thrown) => {
    if (init.signal?.aborted === true) throw thrown;
    throw new Problem(0, 'unreachable', 'the node does not answer');
  });
  if (!response.ok) throw await problemOf(response);
  return (await response.json()) as T;
};

const problemOf = async (response: Response): Promise<Problem> => {
  const said: unknown = await response.json().catch(() => undefined);
  const { code, detail, callId } = (typeof said === 'object' && said !== null ? said : {}) as Record<string, unknown>;
  return new Problem(
    response.status,
    typeof code === 'string' ? code : 'internal',
    typeof detail === 'string' ? detail : `the node answered ${response.status}`,
    typeof callId === 'string' ? callId : '',
  );
};
