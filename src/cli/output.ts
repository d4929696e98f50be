/** What a command prints: the answer on stdout in the format that was asked for, everything else on stderr. */
import type { OwnFormat } from './own-formats.ts';
import { colours, type Paint, plain, usesColour } from './render/paint.ts';
import { type Column, table } from './render/table.ts';

export const FORMATS = ['table', 'wide', 'name', 'json', 'jsonl', 'yaml'] as const;
export type Format = (typeof FORMATS)[number] | OwnFormat;

export interface Sink {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
}

export interface OutputOptions {
  readonly stdout: Sink;
  readonly stderr: Sink;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly format: Format;
  readonly color: 'auto' | 'always' | 'never';
  readonly headers: boolean;
}

export interface Listing<Row> {
  /** Of the list in JSON: `AgentList`. */
  readonly kind: string;
  readonly rows: readonly Row[];
  readonly columns: readonly Column<Row>[];
  readonly name: (row: Row) => string;
  /** Said on stderr when there is nothing: the missing condition and a command. */
  readonly empty: string;
}

export class Output {
  readonly format: Format;
  readonly paint: Paint;
  /** Of what is said beside the answer, on another stream. */
  readonly notePaint: Paint;
  /** Columns of the terminal; null in a pipe, where nothing is cut. */
  readonly width: number | null;
  readonly isTTY: boolean;
  /** As it was made: for one that says the same another way. */
  readonly options: OutputOptions;

  constructor(options: OutputOptions) {
    this.options = options;
    const { stdout, stderr, env, color, format } = options;
    this.format = format;
    this.isTTY = stdout.isTTY === true;
    this.width = this.isTTY ? (stdout.columns ?? 80) : null;
    this.paint = usesColour({ flag: color, env, isTTY: this.isTTY }) ? colours : plain;
    this.notePaint = usesColour({ flag: color, env, isTTY: stderr.isTTY === true }) ? colours : plain;
  }

  get stdout(): Sink {
    return this.options.stdout;
  }

  get headers(): boolean {
    return this.options.headers;
  }

  /** The answer. */
  print(text: string): void {
    this.options.stdout.write(text.endsWith('\n') ? text : `${text}\n`);
  }

  /** Progress, remarks, warnings. */
  note(text: string): void {
    this.options.stderr.write(`${text}\n`);
  }

  table<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): string {
    const { headers, format } = this.options;
    return table(rows, columns, { width: this.width, wide: format === 'wide', headers, paint: this.paint });
  }

  async list<Row>({ kind, rows, columns, name, empty }: Listing<Row>): Promise<void> {
    if (this.format === 'name') rows.forEach((row) => void this.print(name(row)));
    else if (this.format === 'jsonl') rows.forEach((row) => void this.print(JSON.stringify(row)));
    else if (this.#isData())
      await this.data({
        apiVersion: (await import('../contract/index.ts')).API_VERSION,
        kind: `${kind}List`,
        items: rows,
      });
    else if (rows.length === 0) this.note(empty);
    else this.print(this.table(rows, columns));
  }

  /** One thing: as data if data was asked for, else as `text` says. */
  async one(value: unknown, text: () => string): Promise<void> {
    if (this.#isData() || this.format === 'jsonl') await this.data(value);
    else this.print(text());
  }

  async data(value: unknown): Promise<void> {
    if (this.format === 'yaml') this.print((await import('yaml')).stringify(value));
    else this.print(this.format === 'jsonl' ? JSON.stringify(value) : JSON.stringify(value, null, 2));
  }

  #isData(): boolean {
    return this.format === 'json' || this.format === 'yaml' || this.format === 'otlp';
  }
}
