/** `airspace policy lsp`: what `apply` and `lint` would say, in any editor, while it is written. Speaks on standard input and output. */
import { resolve } from 'node:path';
import { type Diagnosis, MAX_DIAGNOSED_BYTES, MAX_DIAGNOSED_FILES, type TextFile } from '../../../contract/index.ts';
import type { Context } from '../../context.ts';
import { diagnose } from '../../diagnose/diagnose.ts';
import { type Exit, Failure } from '../../failure.ts';
import { FrameReader, framed } from '../../lsp/framing.ts';
import { LanguageServer } from '../../lsp/server.ts';
import { VERSION } from '../../version.ts';

export interface LspOptions {
  readonly against?: boolean;
}

/** Exit 0 after `shutdown` and `exit`; 1 for an editor that just leaves. */
export const lsp = async (context: Context, folder: string, { against }: LspOptions): Promise<Exit> => {
  const { stdin, stdout, cwd } = context.io;
  const server = new LanguageServer({
    send: (message) => void stdout.write(framed(message)),
    folder: resolve(cwd, folder),
    version: VERSION,
    look: against === true ? overHub(context) : (files) => alone(files),
  });
  const reader = new FrameReader();
  for await (const chunk of stdin) {
    for (const frame of reader.push(Buffer.from(chunk))) {
      const exit = frame.kind === 'bad' ? void server.refuse(frame.reason) : server.take(frame.text);
      if (exit === 0 || exit === 1) return exit;
    }
  }
  await server.settled();
  return 1;
};

/** The folder is all there is: names that it does not declare are unknown. */
const alone = (files: readonly TextFile[]): Promise<Diagnosis> =>
  diagnose({ files, tenant: null, running: [], active: null, wallMs: Date.now() });

/** Over what a hub runs. A hub that does not answer is no reason to say nothing. */
const overHub = (context: Context) => {
  let last = '';
  return async (files: readonly TextFile[], note: (text: string) => void): Promise<Diagnosis> => {
    const trouble = tooMuch(files);
    try {
      if (trouble === undefined) {
        const answer = await (await context.admin()).post<Diagnosis>('/v1/policy/diagnose', { files });
        last = '';
        return answer;
      }
      if (trouble !== last) note(`${trouble}; the folder is looked at alone`);
      last = trouble;
    } catch (thrown) {
      if (!(thrown instanceof Failure)) throw thrown;
      if (thrown.message !== last) note(`${thrown.message}; the folder is looked at alone`);
      last = thrown.message;
    }
    return alone(files);
  };
};

const tooMuch = (files: readonly TextFile[]): string | undefined => {
  const bytes = files.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0);
  if (files.length <= MAX_DIAGNOSED_FILES && bytes <= MAX_DIAGNOSED_BYTES) return undefined;
  return `${files.length} files with ${bytes} bytes are more than a hub looks at`;
};
