/** Everything that is to be said about files while somebody writes them, laid over what runs. Pure, and slow where policy is long. */
import {
  type Diagnosis,
  type Diagnostic,
  idOf,
  type Resource,
  resourceKey,
  type TextFile,
} from '../../contract/index.ts';
import { type Configuration, checkConfiguration } from '../../control/index.ts';
import { diagnoseForm, diagnosePolicies, formatPolicy, type PolicyDiagnostic } from '../../policy/index.ts';
import { gather } from '../gather.ts';
import { atField, type Embedded, inFile } from './place.ts';
import { bundleWith, isCedar, type ReadFiles, readFiles, unreferenced } from './read.ts';
import type { DiagnoseRequest } from './request.ts';

/** Never throws for what a file says. */
export const diagnose = async (request: DiagnoseRequest): Promise<Diagnosis> => {
  const { files, tenant, running, wallMs } = request;
  const read = readFiles(files, tenant);
  const own = [...read.resources.values()].map(({ resource }) => resource);
  const { bundles, diagnostics: lonely } = standingAlone(read, [...running, ...own], tenant);
  const configuration = configurationOf([...running, ...own, ...bundles]);
  const texts = new Map<string, Embedded>([...read.texts, ...read.alone.map((file) => [file.name, { file }] as const)]);
  const diagnostics = [
    ...read.diagnostics,
    ...lonely,
    ...referring(read, configuration, wallMs),
    ...(await governing(request, read, configuration, texts)),
  ];
  const names = new Set(files.map(({ name }) => name));
  return { diagnostics: diagnostics.filter(({ file }) => names.has(file)).sort(inOrder), formatted: formatted(files) };
};

const configurationOf = (resources: readonly Resource[]): Configuration =>
  new Map(resources.map((resource) => [resourceKey(idOf(resource)), resource]));

const standingAlone = ({ alone }: ReadFiles, present: readonly Resource[], tenant: string | null) => {
  const bundles: Resource[] = [];
  const diagnostics: Diagnostic[] = [];
  for (const file of alone) {
    const { level } = file;
    const bundle = level === undefined ? undefined : bundleWith({ ...file, level }, [...present, ...bundles], tenant);
    if (bundle === undefined) diagnostics.push(unreferenced(file), ...formOf(file));
    else bundles.push(bundle);
  }
  return { bundles, diagnostics };
};

const formOf = (file: TextFile): Diagnostic[] =>
  diagnoseForm(file.name, file.text).map((said) => ({ ...said, range: inFile({ file }, said.range) }));

/** `spec.level` of `... names the Domain ...`: what resources say about others says in which field. */
const fieldIn = (message: string): readonly string[] =>
  /: `([a-z][\w.]*)` names /.exec(message)?.[1]?.split('.') ?? ['metadata', 'name'];

/** What resources say about each other, as far as it stands in the files. */
const referring = ({ resources }: ReadFiles, configuration: Configuration, wallMs: number): Diagnostic[] => {
  const { problems, warnings } = checkConfiguration(configuration, (key) => key, wallMs);
  const said = (severity: 'error' | 'warning') => (sentence: string) => {
    const [, key = '', message = sentence] = /^(\S+): (.*)$/s.exec(sentence) ?? [];
    const written = resources.get(key)?.written;
    if (written === undefined) return [];
    const fix = /, did you mean `([^`]+)`\?$/.exec(message)?.[1];
    return [atField(written, fieldIn(message), { severity, code: 'reference', message }, { fix })];
  };
  return [...problems.flatMap(said('error')), ...warnings.flatMap(said('warning'))];
};

/** What policy says, and what is wrong with it. */
const governing = async (
  { active }: DiagnoseRequest,
  read: ReadFiles,
  configuration: Configuration,
  texts: ReadonlyMap<string, Embedded>,
): Promise<Diagnostic[]> => {
  const { bundles, world, draft } = await gather(configuration);
  const levels = new Map(bundles.map((bundle) => [`${bundle.tenant}/${bundle.level}`, bundle]));
  // Of two bundles for one level, which was told already, one is enough.
  const own = [...levels.values()].filter(
    ({ policies, limits }) => texts.has(policies.source) || texts.has(limits?.source ?? ''),
  );
  const said = diagnosePolicies({ bundles: own, names: world, ...draft, active });
  return said.flatMap((one) => [...located(one, texts), ...ofResource(one, read)]);
};

const located = (
  { file: source, range, suggestion, message, ...said }: PolicyDiagnostic,
  texts: ReadonlyMap<string, Embedded>,
): Diagnostic[] => {
  const embedded = texts.get(source);
  if (embedded === undefined) return [];
  // Where YAML folds the text, nobody can write into a part of it.
  const isExact = embedded.place === undefined || embedded.place.block !== undefined;
  return [
    {
      ...said,
      file: embedded.file.name,
      range: inFile(embedded, range),
      message: message.replaceAll(source, embedded.file.name),
      ...(suggestion === undefined || !isExact
        ? {}
        : { suggestion: { ...suggestion, range: inFile(embedded, suggestion.range) } }),
    },
  ];
};

/** What is about a resource and not about a text. */
const ofResource = (
  { file: key, severity, code, message }: PolicyDiagnostic,
  { resources }: ReadFiles,
): Diagnostic[] => {
  const written = resources.get(key)?.written;
  return written === undefined ? [] : [atField(written, fieldIn(message), { severity, code, message })];
};

const formatted = (files: readonly TextFile[]): Readonly<Record<string, string>> =>
  Object.fromEntries(
    files.flatMap(({ name, text }) => {
      const written = isCedar(name) ? formatPolicy(text) : undefined;
      return written === undefined ? [] : [[name, written]];
    }),
  );

const inOrder = (a: Diagnostic, b: Diagnostic): number =>
  (a.file < b.file ? -1 : a.file > b.file ? 1 : 0) ||
  a.range.start.line - b.range.start.line ||
  a.range.start.character - b.range.start.character;
