/** Names where servers stand side by side: each says whose it is, and the server's own can be read out of it again. */
import type { TargetEntry, TargetKind } from '../../contract/index.ts';
import { isJson, type Json } from './message.ts';

export const KINDS: readonly TargetKind[] = ['tool', 'agent', 'model'];
/** Of tools that are whoever provides a capability. */
export const CAPABILITY = 'capability';
export const PREFIXES: ReadonlySet<string> = new Set<string>([...KINDS, CAPABILITY]);

/**
 * Names of targets have no underscore, so the first two end one. A tool that is called like a prefix gets one too: nothing else can
 * then have its name.
 */
export const prefixOf = ({ kind, name }: Pick<TargetEntry, 'kind' | 'name'>): string =>
  kind === 'tool' && !PREFIXES.has(name) ? `${name}__` : `${kind}__${name}__`;

const SCHEME = 'airspace:';

/** The server's own URI, or template of one, stands in it as it is: names of targets have no slash, so the first one ends the name. */
export const uriAt = (server: string, uri: string): string => `${SCHEME}${server}/${uri}`;

/** Undefined for what is none of ours. */
export const uriIn = (text: string): { readonly server: string; readonly uri: string } | undefined => {
  const end = text.indexOf('/');
  if (!text.startsWith(SCHEME) || end < 0) return undefined;
  return { server: text.slice(SCHEME.length, end), uri: text.slice(end + 1) };
};

/** A result of a server, with the resources that it names under the URIs by which they are read here. */
export const renamed = (server: string, result: Json): Json => {
  const { contents, content, messages } = result;
  return {
    ...result,
    ...(Array.isArray(contents) ? { contents: contents.map((one) => moved(server, one)) } : {}),
    ...(Array.isArray(content) ? { content: content.map((one) => block(server, one)) } : {}),
    ...(Array.isArray(messages) ? { messages: messages.map((one) => spokenIn(server, one)) } : {}),
  };
};

const moved = (server: string, value: unknown): unknown =>
  isJson(value) && typeof value['uri'] === 'string' ? { ...value, uri: uriAt(server, value['uri']) } : value;

const block = (server: string, value: unknown): unknown => {
  if (!isJson(value)) return value;
  if (value['type'] === 'resource_link') return moved(server, value);
  return value['type'] === 'resource' ? { ...value, resource: moved(server, value['resource']) } : value;
};

const spokenIn = (server: string, message: unknown): unknown =>
  isJson(message) ? { ...message, content: block(server, message['content']) } : message;
