/** The language server as an editor meets it: a process of its own that speaks the protocol, and survives who does not. */
import assert from 'node:assert/strict';
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { FrameReader, framed } from './framing.ts';

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url));
const folder = await mkdtemp(join(tmpdir(), 'lsp-'));
after(() => rm(folder, { recursive: true, force: true }));

const GOOD = '@id("all") @reason("größer 😀")\npermit (principal, action, resource) when { context.depth < 3 };\n';
const BAD = GOOD.replace('context.depth', '"😀" != "" && context.dept');
await mkdir(join(folder, 'rules'));
await writeFile(join(folder, 'rules', 'org.cedar'), GOOD);
await writeFile(join(folder, 'compose.yaml'), 'services: {}\n');
await writeFile(
  join(folder, 'org.yaml'),
  `apiVersion: airspace.dev/v1
kind: PolicyBundle
metadata: { name: org }
spec: { level: org, policies: { file: rules/org.cedar } }
`,
);
const uri = (name: string): string => pathToFileURL(join(folder, name)).href;
const RULES = uri('rules/org.cedar');

interface Message {
  readonly id?: number | null;
  readonly method?: string;
  readonly params?: { readonly uri?: string; readonly message?: string; readonly diagnostics?: readonly Said[] };
  readonly result?: unknown;
  readonly error?: { readonly code: number; readonly message: string };
}

interface Said {
  readonly code: string;
  readonly severity: number;
  readonly message: string;
  readonly range: { readonly start: { readonly line: number; readonly character: number } };
}

class Editor {
  readonly child: ChildProcessWithoutNullStreams;
  readonly #reader = new FrameReader();
  readonly #heard: Message[] = [];
  #wake: () => void = () => undefined;
  #id = 0;
  readonly exit: Promise<unknown[]>;

  constructor(...more: readonly string[]) {
    // The folder comes with `initialize`; the process stands elsewhere.
    const args = [MAIN, 'policy', 'lsp', ...more];
    const { AIRSPACE_KEY: _, ...env } = process.env;
    this.child = spawn(process.execPath, args, { cwd: tmpdir(), env: { ...env, AIRSPACE_URL: 'http://127.0.0.1:9' } });
    this.exit = once(this.child, 'exit');
    this.child.stdout.on('data', (chunk: Buffer) => {
      for (const frame of this.#reader.push(chunk))
        this.#heard.push(JSON.parse(frame.kind === 'bad' ? assert.fail(frame.reason) : frame.text) as Message);
      this.#wake();
    });
  }

  raw(bytes: string): void {
    this.child.stdin.write(bytes);
  }

  tell(method: string, params: object = {}): void {
    this.raw(framed({ jsonrpc: '2.0', method, params }));
  }

  async ask(method: string, params: object = {}): Promise<Message> {
    this.#id += 1;
    const id = this.#id;
    this.raw(framed({ jsonrpc: '2.0', id, method, params }));
    return this.hear((message) => message.id === id);
  }

  /** Takes the first message of the kind out of what came, or waits for it. What it makes untrue of what came before goes as well. */
  async hear(wanted: (message: Message) => boolean, over = (_: Message): boolean => false): Promise<Message> {
    for (;;) {
      const at = this.#heard.findIndex(wanted);
      if (at >= 0) {
        const passed = this.#heard.splice(0, at + 1);
        const found = passed.pop() as Message;
        this.#heard.unshift(...passed.filter((message) => !over(message)));
        return found;
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** The server may say the same twice, when it looked again meanwhile: only the last word about a document counts. */
  published(wanted: (said: readonly Said[]) => boolean, of = RULES): Promise<Message> {
    const isAbout = ({ method, params }: Message): boolean =>
      method === 'textDocument/publishDiagnostics' && params?.uri === of;
    return this.hear((message) => isAbout(message) && wanted(message.params?.diagnostics ?? []), isAbout);
  }

  async start(): Promise<Message> {
    const answer = await this.ask('initialize', {
      processId: null,
      rootUri: pathToFileURL(folder).href,
      capabilities: {},
    });
    this.tell('initialized');
    return answer;
  }

  async stop(): Promise<void> {
    assert.equal((await this.ask('shutdown')).result, null);
    this.tell('exit');
    assert.deepEqual(await this.exit, [0, null]);
  }
}

const has = (code: string) => (said: readonly Said[]) => said.some((one) => one.code === code);
const open = (text: string) => ({ textDocument: { uri: RULES, languageId: 'cedar', version: 1, text } });

test('a mistake is published while it is written, with a correction, and taken back when it is gone', async () => {
  const editor = new Editor();
  const { result } = await editor.start();
  assert.deepEqual(result, {
    capabilities: {
      positionEncoding: 'utf-16',
      textDocumentSync: { openClose: true, change: 1, save: true },
      documentFormattingProvider: true,
      codeActionProvider: { codeActionKinds: ['quickfix'] },
    },
    serverInfo: { name: 'airspace', version: '0.1.0' },
  });
  editor.tell('textDocument/didOpen', open(BAD));
  const { params } = await editor.published(has('unknown-attribute'));
  const column = (BAD.split('\n')[1] ?? '').indexOf('dept');
  const range = { start: { line: 1, character: column }, end: { line: 1, character: column + 4 } };
  assert.deepEqual(params?.diagnostics, [
    {
      range,
      severity: 1,
      code: 'unknown-attribute',
      source: 'airspace',
      message: params?.diagnostics?.[0]?.message,
    },
  ]);
  const actions = await editor.ask('textDocument/codeAction', { textDocument: { uri: RULES }, range, context: {} });
  assert.deepEqual(actions.result, [
    { title: 'write `depth`', kind: 'quickfix', edit: { changes: { [RULES]: [{ range, newText: 'depth' }] } } },
  ]);
  editor.tell('textDocument/didChange', { textDocument: { uri: RULES, version: 2 }, contentChanges: [{ text: GOOD }] });
  await editor.published((said) => said.length === 0);
  editor.tell('textDocument/didChange', { textDocument: { uri: RULES, version: 3 }, contentChanges: [{ text: BAD }] });
  await editor.published(has('unknown-attribute'));
  // What the disk says counts again.
  editor.tell('textDocument/didClose', { textDocument: { uri: RULES } });
  await editor.published((said) => said.length === 0);
  await editor.stop();
});

test('YAML of the folder is looked at too, and what is not ours is left alone', async () => {
  const editor = new Editor();
  await editor.start();
  const document = (name: string, text: string) => ({
    textDocument: { uri: uri(name), languageId: 'yaml', version: 1, text },
  });
  editor.tell('textDocument/didOpen', document('compose.yaml', 'services: [\n'));
  editor.tell(
    'textDocument/didOpen',
    document('more.yaml', 'apiVersion: airspace.dev/v1\nkind: Agnt\nmetadata: { name: x }\nspec: {}\n'),
  );
  const { params } = await editor.published(has('schema'), uri('more.yaml'));
  assert.deepEqual(params?.diagnostics?.[0]?.range.start, { line: 1, character: 6 });
  await editor.stop();
});

test('formatting is by Cedar, and none where the text cannot be read', async () => {
  const editor = new Editor();
  await editor.start();
  const ugly = '// why\n@id("all") @reason("r") permit(principal,action,resource)when{context.depth<3};';
  editor.tell('textDocument/didOpen', open(ugly));
  const { result } = await editor.ask('textDocument/formatting', { textDocument: { uri: RULES }, options: {} });
  assert.deepEqual(result, [
    {
      range: { start: { line: 0, character: 0 }, end: { line: 1, character: ugly.length - 7 } },
      newText: '// why\n@id("all")\n@reason("r")\npermit (principal, action, resource)\nwhen { context.depth < 3 };\n',
    },
  ]);
  editor.tell('textDocument/didChange', {
    textDocument: { uri: RULES, version: 2 },
    contentChanges: [{ text: 'permit (' }],
  });
  assert.equal((await editor.ask('textDocument/formatting', { textDocument: { uri: RULES } })).result, null);
  await editor.stop();
});

test('without a hub that answers it says so and goes on alone', async () => {
  const editor = new Editor('--against');
  await editor.start();
  editor.tell('textDocument/didOpen', open(BAD));
  const { params } = await editor.hear(({ method }) => method === 'window/logMessage');
  assert.match(params?.message ?? '', /the folder is looked at alone$/);
  await editor.published(has('unknown-attribute'));
  await editor.stop();
});

test('what is no message is answered as an error and nothing ends', async () => {
  const editor = new Editor();
  const error = async () => (await editor.hear(({ id }) => id === null)).error?.code;
  editor.raw('GET / HTTP/1.1\r\n\r\n');
  assert.equal(await error(), -32_700);
  editor.raw('Content-Length: 99999999999\r\n\r\n');
  editor.raw(framed({ jsonrpc: '2.0', id: 'early', method: 'textDocument/formatting' }));
  assert.equal((await editor.hear(({ id }) => (id as unknown) === 'early')).error?.code, -32_002);
  editor.raw('Content-Length: 3\r\n\r\n{,}');
  assert.equal(await error(), -32_700);
  const notMessages = [
    [],
    1,
    null,
    'x',
    { jsonrpc: '1.0' },
    { jsonrpc: '2.0', id: {}, method: 'x' },
    { jsonrpc: '2.0', id: 1 },
  ];
  for (const wrong of notMessages) {
    editor.raw(framed(wrong as object));
    assert.equal(await error(), -32_600, JSON.stringify(wrong));
  }
  await editor.start();
  assert.equal((await editor.ask('initialize')).error?.code, -32_600);
  assert.equal((await editor.ask('no/such')).error?.code, -32_601);
  for (const params of [{}, { textDocument: 1 }, { textDocument: { uri: 1 } }, { textDocument: { uri: 'nonsense' } }]) {
    const { error: refused, result } = await editor.ask('textDocument/didChange', {
      ...params,
      contentChanges: [{ range: {} }],
    });
    assert.equal(refused?.code ?? result, -32_602);
  }
  editor.tell('textDocument/didOpen', { textDocument: { uri: 'file:///etc/x.cedar', text: 'permit (' } });
  editor.tell('$/setTrace', { value: 'off' });
  editor.raw(framed({ jsonrpc: '2.0', id: 99, result: null }));
  editor.tell('textDocument/didOpen', open(BAD));
  await editor.published(has('unknown-attribute'));
  assert.equal((await editor.ask('shutdown')).result, null);
  assert.equal((await editor.ask('textDocument/formatting')).error?.code, -32_600);
  editor.tell('exit');
  assert.deepEqual(await editor.exit, [0, null]);
});

test('an editor that leaves without a word ends it', async () => {
  const editor = new Editor();
  await editor.start();
  editor.child.stdin.end();
  assert.deepEqual(await editor.exit, [1, null]);
});
