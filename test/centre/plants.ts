/** Defects to build into the nodes of a run: each rewrites a few places of the sources as they are loaded. A run with one must fail. */
import { registerHooks } from 'node:module';

interface Edit {
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

export const PLANTS: Readonly<Record<string, readonly Edit[]>> = {
  'bound ignored': [
    { file: 'src/topologies/fresh.ts', from: 'if (!(ageMs <= boundMs)) throw', to: 'if (ageMs === -1) throw' },
  ],
  'lower snapshot': [
    {
      file: 'src/control/link.ts',
      from: 'if (seq < heard.highest(kind)) throw',
      to: 'if (seq < 0) throw',
    },
  ],
  'upload doubled': [
    {
      file: 'src/stores/sql/migrations.ts',
      from: ".addUniqueConstraint('event_once', ['trace', 'call_id', 'span', 'node', 'tenant'])",
      to: '',
    },
    {
      file: 'src/stores/sql/events.ts',
      from: 'events.filter(({ seq }) => seq > before)',
      to: 'events.filter(({ seq }) => seq > 0)',
    },
    {
      file: 'src/control/link.ts',
      from: "await this.#post('/events', batch);",
      to: "await this.#post('/events', batch); await this.#post('/events', batch);",
    },
  ],
  'order forgotten': [
    {
      file: 'src/control/link.ts',
      from: 'return () => node.enforceKills(document as KillList);',
      to: 'return () => {};',
    },
  ],
  'record lost': [
    {
      file: 'src/stores/sql/node-audit.ts',
      from: 'for (const record of fresh) await',
      to: 'for (const record of fresh.slice(1)) await',
    },
  ],
};

const planted = process.env['AIRSPACE_LAB_PLANT'];
if (planted !== undefined) {
  const edits = PLANTS[planted] ?? [];
  registerHooks({
    load: (url, context, nextLoad) => {
      const loaded = nextLoad(url, context);
      const own = edits.filter(({ file }) => url.endsWith(`/${file}`));
      if (own.length === 0) return loaded;
      let source = String(loaded.source);
      for (const { from, to } of own) {
        if (!source.includes(from)) throw new Error(`the place for the defect is gone: ${from}`);
        source = source.replace(from, to);
      }
      return { ...loaded, source };
    },
  });
}
