/** Content of a tool's result, and the parts that other dialects know. */
import { Buffer } from 'node:buffer';
import { Fault } from '../../contract/index.ts';
import type { Part } from '../ask.ts';
import { lost } from '../dialect.ts';

type Block = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Block =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

const wrong = (what: string): Fault =>
  new Fault('upstream_invalid', `the MCP server answered ${what}`, { executed: 'yes' });

/** Throws `upstream_invalid` for what is no content. */
export const partsOf = (content: unknown): readonly Part[] => {
  if (!Array.isArray(content)) throw wrong('a result without a list of content');
  return content.map(partOf);
};

const partOf = (block: unknown): Part => {
  if (!isObject(block)) throw wrong('content that is no object');
  const { type } = block;
  if (type === 'text' && typeof block['text'] === 'string') return { kind: 'text', text: block['text'] };
  if ((type === 'image' || type === 'audio') && typeof block['data'] === 'string')
    return { kind: 'file', mediaType: textOf(block['mimeType']), base64: block['data'] };
  if (type === 'resource_link' && typeof block['uri'] === 'string')
    return fileOf(block, { url: block['uri'] }, textOf(block['name']));
  if (type === 'resource' && isObject(block['resource'])) return resourceOf(block['resource']);
  throw wrong('content of a type that is not known');
};

const fileOf = (block: Block, where: { readonly url: string } | { readonly base64: string }, name: string): Part => ({
  kind: 'file',
  mediaType: textOf(block['mimeType']) || 'application/octet-stream',
  ...(name === '' ? {} : { name }),
  ...where,
});

const resourceOf = (resource: Block): Part => {
  const name = textOf(resource['uri']);
  if (typeof resource['text'] === 'string')
    return fileOf(
      { mimeType: 'text/plain', ...resource },
      { base64: Buffer.from(resource['text']).toString('base64') },
      name,
    );
  if (typeof resource['blob'] === 'string') return fileOf(resource, { base64: resource['blob'] }, name);
  throw wrong('a resource without text and without bytes');
};

/** Throws through `lost` what a tool's result cannot hold. */
export const contentOf = (parts: readonly Part[]): readonly Block[] =>
  parts.map((part) => {
    if (part.kind === 'text') return { type: 'text', text: part.text };
    if (part.kind === 'data') return { type: 'text', text: JSON.stringify(part.data) };
    if (part.kind === 'file') return blockOf(part);
    throw lost('openai-chat', 'mcp', [part.kind === 'call' ? 'a call of a tool' : 'what a tool answered']);
  });

const blockOf = ({ mediaType, name, base64, url }: Extract<Part, { kind: 'file' }>): Block => {
  if (base64 === undefined)
    return { type: 'resource_link', uri: url ?? '', name: name ?? url ?? '', mimeType: mediaType };
  if (mediaType.startsWith('image/')) return { type: 'image', data: base64, mimeType: mediaType };
  if (mediaType.startsWith('audio/')) return { type: 'audio', data: base64, mimeType: mediaType };
  return {
    type: 'resource',
    resource: { uri: `attachment:${encodeURIComponent(name ?? 'file')}`, mimeType: mediaType, blob: base64 },
  };
};

/** One value that is also there as text is there once. */
export const withoutCopy = (parts: readonly Part[], structured: unknown): readonly Part[] => {
  const [only] = parts;
  if (parts.length !== 1 || only?.kind !== 'text') return parts;
  try {
    return JSON.stringify(JSON.parse(only.text)) === JSON.stringify(structured) ? [] : parts;
  } catch {
    return parts;
  }
};
