/** Where a list of tasks goes on: a place in it, as its reader hands it back. */
import { Buffer } from 'node:buffer';
import { Fault, type TaskRecord } from '../../contract/index.ts';

export const tokenFor = ({ statusAtMs, id }: Pick<TaskRecord, 'statusAtMs' | 'id'>): string =>
  Buffer.from(`${statusAtMs}:${id}`).toString('base64url');

/** Throws `bad_request` for a token that is none of ours. What it says decides only where the owner's own list goes on. */
export const afterIn = (token: string): { readonly statusAtMs: number; readonly id: string } | undefined => {
  if (token === '') return undefined;
  const [, statusAtMs, id] =
    /^(\d{1,16}(?:\.\d{1,6})?):([0-9a-f]{32})$/.exec(Buffer.from(token, 'base64url').toString()) ?? [];
  if (statusAtMs === undefined || id === undefined)
    throw new Fault('bad_request', '`pageToken` is not one of ours; begin with the first page');
  return { statusAtMs: Number(statusAtMs), id };
};
