/** Metrics as text: Prometheus 0.0.4 for everybody, and OpenMetrics 1.0.0 with exemplars for who asks for it. */
import type { Buckets, Exemplar } from './buckets.ts';
import { FAMILIES, type FamilyName } from './families.ts';
import type { LabelSet } from './labels.ts';
import type { Sheet } from './sheet.ts';

export type Exposition = 'prometheus' | 'openmetrics';

export const CONTENT_TYPES: Readonly<Record<Exposition, string>> = {
  prometheus: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
};

/** OpenMetrics only for who names it and does not refuse it (`q=0`). */
export const expositionFor = (accept: string): Exposition =>
  accept.split(',').some((one) => {
    const [type = '', ...parameters] = one.split(';').map((part) => part.trim().toLowerCase());
    return type === 'application/openmetrics-text' && !parameters.some((part) => /^q=0(\.0*)?$/.test(part));
  })
    ? 'openmetrics'
    : 'prometheus';

/** Call `end` last, once. */
export class ExpositionText implements Sheet {
  readonly #lines: string[] = [];
  readonly #isOpen: boolean;

  constructor(exposition: Exposition) {
    this.#isOpen = exposition === 'openmetrics';
  }

  family(name: FamilyName): void {
    const { type, help } = FAMILIES[name];
    // OpenMetrics names a counter without what its samples end in.
    const named = this.#isOpen && type === 'counter' ? name.replace(/_total$/, '') : name;
    this.#lines.push(`# HELP ${named} ${help}`, `# TYPE ${named} ${type}`);
  }

  sample(name: FamilyName, { text }: LabelSet, value: number): void {
    this.#line(name, text, value);
  }

  histogram(name: FamilyName, { text }: LabelSet, buckets: Buckets): void {
    const before = text === '' ? '' : `${text},`;
    let total = 0;
    for (let at = 0; at <= buckets.edges.length; at++) {
      total += buckets.in(at);
      const exemplar = this.#isOpen ? exemplarText(buckets.exemplar(at)) : '';
      this.#lines.push(`${name}_bucket{${before}le="${this.#edge(buckets.edges[at])}"} ${total}${exemplar}`);
    }
    this.#line(`${name}_sum`, text, buckets.sum);
    this.#line(`${name}_count`, text, total);
  }

  end(): string {
    if (this.#isOpen) this.#lines.push('# EOF');
    return `${this.#lines.join('\n')}\n`;
  }

  #line(name: string, labels: string, value: number): void {
    this.#lines.push(labels === '' ? `${name} ${numberText(value)}` : `${name}{${labels}} ${numberText(value)}`);
  }

  #edge(edge: number | undefined): string {
    if (edge === undefined) return '+Inf';
    return this.#isOpen && Number.isInteger(edge) ? `${edge}.0` : String(edge);
  }
}

const exemplarText = (exemplar: Exemplar | undefined): string =>
  exemplar === undefined
    ? ''
    : ` # {trace_id="${exemplar.trace}"} ${numberText(exemplar.value)} ${exemplar.at.toFixed(3)}`;

const numberText = (value: number): string => {
  if (Number.isFinite(value)) return String(value);
  return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
};
