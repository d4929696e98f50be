/**
 * A language server for policy (Language Server Protocol 3.17): texts come in as they are written, what is to be said about them goes
 * out. It looks at the whole folder each time, because a rule is right or wrong only beside what it is about.
 */
import { fileURLToPath } from 'node:url';
import type { Diagnosis, Diagnostic, TextChange, TextFile } from '../../contract/index.ts';
import { formatPolicy, rangeIn } from '../../policy/index.ts';
import { isCedar } from '../diagnose/read.ts';
import {
  failure,
  type Id,
  type Incoming,
  incoming,
  isRecord,
  notification,
  type Params,
  RPC,
  RpcError,
  result,
} from './rpc.ts';
import { Workspace } from './workspace.ts';

export interface ServerParts {
  readonly send: (message: object) => void;
  /** The folder, unless the editor names another. */
  readonly folder: string;
  readonly version: string;
  /** `note` tells the user something, in the log of the editor. */
  readonly look: (files: readonly TextFile[], note: (text: string) => void) => Promise<Diagnosis>;
}

type State = 'new' | 'initialized' | 'shutdown';

const SEVERITY: Readonly<Record<Diagnostic['severity'], number>> = { error: 1, warning: 2, information: 3, hint: 4 };

export class LanguageServer {
  readonly #parts: ServerParts;
  #state: State = 'new';
  #workspace: Workspace;
  #looking: Promise<void> | undefined;
  #changed = false;
  /** Last said, by name: what is no longer true must be taken back. */
  #said: ReadonlyMap<string, readonly Diagnostic[]> = new Map();

  constructor(parts: ServerParts) {
    this.#parts = parts;
    this.#workspace = new Workspace(parts.folder);
  }

  /** Answers the exit code when the editor wants it to end. Never throws for what a message says. */
  take(text: string): number | undefined {
    let id: Id = null;
    try {
      const message = incoming(text);
      if (message === undefined) return undefined;
      if (message.method === 'exit') return this.#state === 'shutdown' ? 0 : 1;
      id = message.id ?? null;
      const answer = this.#serve(message);
      if (message.id !== undefined) this.#parts.send(result(id, answer));
    } catch (thrown) {
      this.#parts.send(failure(id, thrown));
    }
    return undefined;
  }

  /** Bytes that were no message. */
  refuse(reason: string): void {
    this.#parts.send(failure(null, new RpcError(RPC.parse, reason)));
  }

  /** Resolves when everything is said that there is to say. */
  async settled(): Promise<void> {
    while (this.#looking !== undefined) await this.#looking;
  }

  #serve({ id, method, params }: Incoming): unknown {
    if (method === 'initialize') return this.#initialize(params);
    if (this.#state === 'new') {
      if (id === undefined) return null;
      throw new RpcError(RPC.notInitialized, 'send `initialize` first');
    }
    if (this.#state === 'shutdown') {
      if (id === undefined) return null;
      throw new RpcError(RPC.request, 'after `shutdown` there is only `exit`');
    }
    const serve = this.#methods.get(method);
    if (serve !== undefined) return serve(params);
    // What nobody waits for may be left out, and names with `$` always.
    if (id === undefined || method.startsWith('$/')) return null;
    throw new RpcError(RPC.method, `\`${method.slice(0, 100)}\` is not served here`);
  }

  readonly #methods: ReadonlyMap<string, (params: Params) => unknown> = new Map([
    ['initialized', () => this.#look()],
    ['textDocument/didOpen', (params: Params) => this.#opened(params)],
    ['textDocument/didChange', (params: Params) => this.#edited(params)],
    ['textDocument/didSave', () => this.#look()],
    ['textDocument/didClose', (params: Params) => this.#closed(params)],
    ['workspace/didChangeWatchedFiles', () => this.#look()],
    ['textDocument/formatting', (params: Params) => this.#format(params)],
    ['textDocument/codeAction', (params: Params) => this.#corrections(params)],
    ['shutdown', () => this.#shutdown()],
  ]);

  #initialize(params: Params): object {
    if (this.#state !== 'new') throw new RpcError(RPC.request, '`initialize` came before');
    this.#state = 'initialized';
    this.#workspace = new Workspace(folderIn(params) ?? this.#parts.folder);
    return {
      capabilities: {
        positionEncoding: 'utf-16',
        // 1: whole texts.
        textDocumentSync: { openClose: true, change: 1, save: true },
        documentFormattingProvider: true,
        codeActionProvider: { codeActionKinds: ['quickfix'] },
      },
      serverInfo: { name: 'airspace', version: this.#parts.version },
    };
  }

  #shutdown(): null {
    this.#state = 'shutdown';
    return null;
  }

  #opened(params: Params): void {
    const { uri, name } = this.#document(params);
    const { text } = params['textDocument'] as Params;
    if (typeof text !== 'string') throw new RpcError(RPC.params, `\`${uri}\` was opened without a text`);
    if (name === undefined) return;
    this.#workspace.open(name, text);
    this.#look();
  }

  #edited(params: Params): void {
    const { uri, name } = this.#document(params);
    const changes = params['contentChanges'];
    const last: unknown = Array.isArray(changes) ? changes.at(-1) : undefined;
    if (!isRecord(last) || typeof last['text'] !== 'string' || last['range'] !== undefined)
      throw new RpcError(RPC.params, `a change of \`${uri}\` must be the whole text, as \`initialize\` said`);
    if (name === undefined) return;
    this.#workspace.open(name, last['text']);
    this.#look();
  }

  #closed(params: Params): void {
    const { name } = this.#document(params);
    if (name === undefined) return;
    this.#workspace.close(name);
    this.#look();
  }

  #document(params: Params): { readonly uri: string; readonly name: string | undefined } {
    const document = params['textDocument'];
    const uri = isRecord(document) ? document['uri'] : undefined;
    if (typeof uri !== 'string') throw new RpcError(RPC.params, 'it must say which `textDocument` by its `uri`');
    return { uri, name: this.#workspace.nameOf(uri) };
  }

  /** One look at a time; what changes meanwhile is seen by the next, once. */
  #look(): void {
    this.#changed = true;
    this.#looking ??= this.#lookUntilSeen().finally(() => {
      this.#looking = undefined;
    });
  }

  async #lookUntilSeen(): Promise<void> {
    while (this.#changed && this.#state !== 'shutdown') {
      this.#changed = false;
      try {
        const { diagnostics } = await this.#parts.look(await this.#workspace.files(), (text) => this.#note(text));
        this.#say(Map.groupBy(diagnostics, ({ file }) => file));
      } catch (thrown) {
        this.#note(`policy could not be looked at: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
      }
    }
  }

  /** 2: a warning. */
  #note(message: string): void {
    this.#parts.send(notification('window/logMessage', { type: 2, message }));
  }

  #say(found: ReadonlyMap<string, readonly Diagnostic[]>): void {
    for (const name of new Set([...this.#said.keys(), ...found.keys()])) {
      const diagnostics = (found.get(name) ?? []).map(({ range, severity, code, message }) => ({
        range,
        severity: SEVERITY[severity],
        code,
        source: 'airspace',
        message,
      }));
      const uri = this.#workspace.uriOf(name);
      this.#parts.send(notification('textDocument/publishDiagnostics', { uri, diagnostics }));
    }
    this.#said = found;
  }

  #format(params: Params): readonly object[] | null {
    const { name } = this.#document(params);
    const text = name === undefined || !isCedar(name) ? undefined : this.#workspace.textOf(name);
    const written = text === undefined ? undefined : formatPolicy(text);
    if (text === undefined || written === undefined || written === text) return null;
    return [{ range: rangeIn(text, { start: 0, end: text.length }), newText: written }];
  }

  /** What a mistake on these lines should most likely be. */
  #corrections(params: Params): readonly object[] {
    const { uri, name = '' } = this.#document(params);
    const [from, to] = linesOf(params['range']);
    const near = (this.#said.get(name) ?? []).filter(({ range }) => range.start.line <= to && range.end.line >= from);
    return near.flatMap(({ suggestion }) => (suggestion === undefined ? [] : [correction(uri, suggestion)]));
  }
}

const correction = (uri: string, { range, text }: TextChange): object => ({
  title: range.start.character === range.end.character ? `insert \`${text}\`` : `write \`${text}\``,
  kind: 'quickfix',
  edit: { changes: { [uri]: [{ range, newText: text }] } },
});

const linesOf = (range: unknown): readonly [number, number] => {
  const line = (place: unknown): number => (isRecord(place) ? Number(place['line']) : Number.NaN);
  if (!isRecord(range)) throw new RpcError(RPC.params, 'it must say which `range`');
  return [line(range['start']), line(range['end'])];
};

const folderIn = ({ workspaceFolders, rootUri }: Params): string | undefined => {
  const first: unknown = Array.isArray(workspaceFolders) ? workspaceFolders[0] : undefined;
  const uri = isRecord(first) ? first['uri'] : rootUri;
  try {
    return typeof uri === 'string' ? fileURLToPath(uri) : undefined;
  } catch {
    return undefined;
  }
};
