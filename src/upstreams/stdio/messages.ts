/** Messages on their way to and from a server on stdio: ids and tokens of ours on its side, of whoever asked on the other. */
import { META, membersOf, notificationText, objectOf } from '../../dialects/mcp/index.ts';

/** `progressToken` of a request, as JSON text. */
export const tokenIn = (params: string | undefined): string | undefined =>
  membersOf(membersOf(params ?? '{}')?.get('_meta') ?? '{}')?.get('progressToken');

/** The same parameters with another token. */
export const withToken = (params: string, token: string): string => {
  const members = new Map(membersOf(params));
  const meta = new Map(membersOf(members.get('_meta') ?? '{}')).set('progressToken', token);
  return objectOf(members.set('_meta', objectOf(meta)));
};

/** Which of our ids a notification is about: by its token, or by the subscription that it belongs to. Undefined: it does not say. */
export const aboutIn = (method: string, params: string | undefined): number | undefined => {
  const members = membersOf(params ?? '{}');
  const said =
    method === 'notifications/progress'
      ? members?.get('progressToken')
      : membersOf(members?.get('_meta') ?? '{}')?.get(META.subscription);
  return said !== undefined && /^\d{1,15}$/.test(said) ? Number(said) : undefined;
};

/** For whoever asked: with its own token, or with its own id as subscription. */
export const handedOn = (method: string, params: string, id: string, token: string | undefined): string => {
  const members = new Map(membersOf(params));
  if (method === 'notifications/progress') members.set('progressToken', token ?? 'null');
  else {
    const meta = new Map(membersOf(members.get('_meta') ?? '{}')).set(META.subscription, id);
    members.set('_meta', objectOf(meta));
  }
  return notificationText(method, objectOf(members));
};
