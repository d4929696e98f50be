/** `airspace ui`: the address of a page, and the page itself where somebody sits at a desktop. */
import { spawn } from 'node:child_process';
import type { Context, Io } from '../context.ts';
import { EXIT, usage } from '../failure.ts';
import { pageOf } from '../pages.ts';

export interface UiOptions {
  readonly open?: boolean;
}

export const ui = async (
  { io, out, settings }: Context,
  what: string | undefined,
  { open = true }: UiOptions,
): Promise<number> => {
  const { url } = await settings();
  const page = what === undefined ? `${url}/ui` : pageOf(url, what.toLowerCase());
  if (page === undefined)
    throw usage(`\`${what}\` has no page`, 'airspace ui agent/orders, budget/daily, or the id of a call');
  await out.one({ url: page }, () => page);
  if (open && out.isTTY && hasDesktop(io)) await show(page, (text) => out.note(text));
  return EXIT.ok;
};

const hasDesktop = ({ env }: Io): boolean =>
  process.platform !== 'linux' || env['DISPLAY'] !== undefined || env['WAYLAND_DISPLAY'] !== undefined;

/** The browser lives on without us. No shell: an address is a word, whatever is in it. */
const show = (page: string, note: (text: string) => void): Promise<void> => {
  const [program, ...first] = OPENERS[process.platform] ?? ['xdg-open'];
  return new Promise((shown) => {
    const child = spawn(program!, [...first, page], { stdio: 'ignore', detached: true });
    child.once('error', () => {
      note(`no browser could be opened with ${program}; open the address yourself`);
      shown();
    });
    child.once('spawn', () => {
      child.unref();
      shown();
    });
  });
};

const OPENERS: Readonly<Record<string, readonly string[]>> = {
  darwin: ['open'],
  win32: ['rundll32', 'url.dll,FileProtocolHandler'],
};
