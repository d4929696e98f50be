/** Files as an editor holds them to resources: what `apply` reads from a disk, read from texts, with the place of everything. */
import { posix } from 'node:path';
import {
  API_VERSION,
  DEFAULT_TENANT,
  type Diagnostic,
  idOf,
  type Resource,
  resourceKey,
  type TextFile,
} from '../../contract/index.ts';
import { CASES_FILE, checkShape, parseYaml } from '../../control/index.ts';
import { rangeIn } from '../../policy/index.ts';
import { atField, type Embedded, WHOLE, type Written } from './place.ts';

export interface ReadFiles {
  readonly resources: ReadonlyMap<string, { readonly resource: Resource; readonly written: Written }>;
  /** Cedar text by the name that the compiler knows it under. */
  readonly texts: ReadonlyMap<string, Embedded>;
  /** Cedar files that no YAML refers to. */
  readonly alone: readonly TextFile[];
  readonly diagnostics: readonly Diagnostic[];
}

export const isYaml = (name: string): boolean => /\.ya?ml$/i.test(name);
export const isCedar = (name: string): boolean => /\.cedar$/i.test(name);

/** Never throws for what a file says. */
export const readFiles = (files: readonly TextFile[], tenant: string | null): ReadFiles => {
  const reading = new Reading(files);
  for (const file of files) if (isYaml(file.name) && !CASES_FILE.test(file.name)) reading.yaml(file);
  return reading.finish(tenant);
};

class Reading {
  readonly #files: ReadonlyMap<string, TextFile>;
  readonly #written: Written[] = [];
  readonly #values: unknown[] = [];
  readonly #texts = new Map<string, Embedded>();
  readonly #diagnostics: Diagnostic[] = [];

  constructor(files: readonly TextFile[]) {
    this.#files = new Map(files.map((file) => [posix.normalize(file.name), file]));
  }

  yaml(file: TextFile): void {
    const { documents, mistakes } = parseYaml(file.text, file.name);
    for (const { start, end, text } of mistakes)
      this.#diagnostics.push({
        file: file.name,
        range: rangeIn(file.text, { start, end }),
        severity: 'error',
        code: 'yaml',
        message: text,
      });
    for (const document of documents) {
      const written = { file, document };
      this.#written.push(written);
      this.#values.push(this.#withTexts(document.value, written));
    }
  }

  /** As `apply` pulls policy text in, from the files at hand instead of a disk. */
  #withTexts(value: unknown, written: Written): unknown {
    if (!isRecord(value) || value['kind'] !== 'PolicyBundle' || !isRecord(value['spec'])) return value;
    const spec: Record<string, unknown> = { ...value['spec'] };
    for (const field of ['policies', 'limits']) {
      const given = spec[field];
      if (!isRecord(given) || Object.keys(given).length !== 1) continue;
      if (typeof given['file'] === 'string') spec[field] = this.#fromFile(given['file'], field, written);
      else if (typeof given['text'] === 'string') {
        const source = `${written.document.origin}.${field}`;
        const place = written.document.place(['spec', field, 'text']);
        this.#texts.set(source, { file: written.file, place });
        spec[field] = { text: given['text'], source };
      }
    }
    return { ...value, spec };
  }

  #fromFile(reference: string, field: string, written: Written): object {
    const path = posix.join(posix.dirname(written.file.name), reference);
    const file = posix.isAbsolute(reference) ? undefined : this.#files.get(path);
    if (file !== undefined) {
      this.#texts.set(file.name, { file });
      return { text: file.text, source: file.name };
    }
    const message = `\`${path}\` is not among the files`;
    this.#diagnostics.push(
      atField(written, ['spec', field, 'file'], { severity: 'error', code: 'missing-file', message }),
    );
    // The bundle is there; only what it says is not known, so nothing is said about that.
    return { text: '', source: path };
  }

  finish(tenant: string | null): ReadFiles {
    const origins = this.#written.map((_, index) => String(index));
    const shaped = checkShape({ resources: this.#values, origins }, tenant);
    for (const { index, path, part, text, fix } of shaped.mistakes)
      this.#diagnostics.push(
        atField(
          this.#written[index] as Written,
          path,
          { severity: 'error', code: 'schema', message: text },
          { part, fix },
        ),
      );
    const resources = new Map<string, { readonly resource: Resource; readonly written: Written }>();
    for (const { resource, origin } of shaped.resources) {
      const written = this.#written[Number(origin)] as Written;
      const key = resourceKey(idOf(resource));
      if (resources.has(key)) this.#diagnostics.push(twice(resource, written));
      else resources.set(key, { resource, written });
    }
    const alone = [...this.#files.values()].filter(({ name }) => isCedar(name) && !this.#texts.has(name));
    return { resources, texts: this.#texts, alone, diagnostics: this.#diagnostics };
  }
}

const twice = ({ kind, metadata: { name } }: Resource, written: Written): Diagnostic =>
  atField(written, ['metadata', 'name'], {
    severity: 'error',
    code: 'duplicate',
    message: `${kind} \`${name}\`: is already defined in these files; give one of them another name`,
  });

/** Undefined for a level that cannot be one. Cedar text without YAML as the part of a bundle that it is, over what there is of that bundle. */
export const bundleWith = (
  file: TextFile & { readonly level: string },
  present: readonly Resource[],
  tenant: string | null,
): Resource | undefined => {
  const { level, rules = 'policies', name, text } = file;
  const there = present.find(
    (one) =>
      one.kind === 'PolicyBundle' && one.spec.level === level && (tenant === null || one.metadata.tenant === tenant),
  );
  const own = { [rules]: { text, source: name } };
  if (there?.kind === 'PolicyBundle') return { ...there, spec: { ...there.spec, ...own } };
  const [made] = checkShape(
    {
      resources: [
        {
          apiVersion: API_VERSION,
          kind: 'PolicyBundle',
          metadata: { name: level, tenant: tenant ?? DEFAULT_TENANT },
          spec: { level, policies: { text: '', source: name }, ...own },
        },
      ],
      origins: [name],
    },
    null,
  ).resources;
  return made?.resource;
};

export const unreferenced = (file: TextFile): Diagnostic => ({
  file: file.name,
  range: WHOLE,
  severity: 'hint',
  code: 'no-bundle',
  message:
    'no PolicyBundle among the files reads this text, so only its form was looked at; add one with `file:`, or say its level',
});

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
