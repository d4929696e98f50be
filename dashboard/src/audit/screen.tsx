/** Audit: who did what, to what, why, in a chain that shows when it was touched; however long it is, only what is seen is asked for. */
import { type JSX, useCallback, useEffect, useState } from 'react';
import { useSearchParams } from 'wouter';
import { type ChainName, useAuditHead, useAuditNodes, useVerification } from '../api/audit.ts';
import { useLive } from '../api/use-live.ts';
import { useParam } from '../frame/params.ts';
import { count } from '../model/format.ts';
import { isFiltering, NO_FILTER, type TrailFilter, trailQuery } from '../model/trail.ts';
import { cut, plain } from '../model/visible.ts';
import { Empty, Failed, Loading } from '../parts/states.tsx';
import '../style/lists.css';
import '../style/audit.css';
import { Drawer } from './drawer.tsx';
import { Export } from './export.tsx';
import { Filters } from './filters.tsx';
import { Proof } from './proof.tsx';
import { MOST_ROWS, useTrail } from './source.ts';
import { TrailTable } from './table.tsx';

const NAMES = Object.keys(NO_FILTER) as readonly (keyof TrailFilter)[];

export const AuditScreen = (): JSX.Element => {
  const { isPaused, nowMs } = useLive();
  const [chain, setChain] = useChain();
  const [filter, setFilter] = useFilter();
  const [selected, setSelected] = useParam('sel');
  const seq = /^[1-9]\d{0,14}$/.test(selected) ? Number(selected) : 0;
  const head = useAuditHead(chain, isPaused);
  const { last: proven } = useVerification(chain).data ?? { last: null };
  const [seen, setSeen] = useState<readonly [number, number]>([0, 0]);
  const onSeen = useCallback((first: number, end: number) => setSeen([first, end]), []);
  const [shown, setShown] = useShown(head.data?.seq, JSON.stringify(chain), seen[0] === 0 && seq === 0);
  const isOwn = chain.node === undefined;
  const asked = isOwn ? filter : NO_FILTER;
  const { query, problem } = trailQuery(asked);
  const trail = useTrail({ chain, filter: asked, last: shown, seen });
  if (head.data === undefined)
    return head.error === null ? (
      <Loading rows={14} />
    ) : (
      <Failed thrown={head.error} onRetry={() => void head.refetch()} />
    );
  const newer = head.data.seq - shown;
  const isFiltered = isFiltering(asked);
  return (
    <div className={seq === 0 ? 'one-list' : 'two-lists trail'}>
      <section className="panel" aria-label="Audit log">
        <header>
          <h2>Audit log</h2>
          <span className="faint num">
            {isFiltered ? `${count(trail.count)} of ${head.data.seq}` : head.data.seq} records
            {!isFiltered && shown > MOST_ROWS && ` · the newest ${count(MOST_ROWS)} are below`}
          </span>
          <Chains chain={chain} onChain={setChain} />
          {newer > 0 && !isFiltered && (
            <button type="button" className="plain" onClick={() => setShown(head.data.seq)}>
              {count(newer)} newer
            </button>
          )}
          <span className="grow" />
          <Export chain={chain} query={isFiltered ? query : null} />
        </header>
        <Proof chain={chain} nowMs={nowMs} />
        <Filters
          filter={filter}
          problem={problem}
          obstacle={isOwn ? '' : 'the chain of another node is read in order; only the one of this hub is searched'}
          onFilter={setFilter}
        />
        {trail.problem !== null ? (
          <Failed thrown={trail.problem} />
        ) : trail.isLoading ? (
          <Loading rows={14} />
        ) : trail.count === 0 ? (
          <Nothing isFiltered={isFiltered} />
        ) : (
          <TrailTable
            trail={trail}
            selected={seq}
            onSelect={(to) => setSelected(to === 0 ? '' : String(to))}
            onSeen={onSeen}
            last={proven}
          />
        )}
        {trail.further !== null && (
          <p className="further" role="status">
            Looked back to record {trail.lookedTo}.{' '}
            <button type="button" className="plain" onClick={trail.further}>
              Look further back
            </button>
          </p>
        )}
      </section>
      {seq !== 0 && (
        <Drawer
          chain={chain}
          seq={seq}
          last={proven}
          onClose={() => setSelected('')}
          onOnly={isOwn ? (only) => setFilter({ ...NO_FILTER, ...only }) : undefined}
        />
      )}
    </div>
  );
};

const Nothing = ({ isFiltered }: { readonly isFiltered: boolean }): JSX.Element =>
  isFiltered ? (
    <Empty title="Nothing was written down that fits">
      Names are whole, or their beginning and a star: <code>agent/refunds/*</code>.
    </Empty>
  ) : (
    <Empty title="Nothing was written down yet" command="airspace request agent/<name>/<operation> --data '{}'">
      Calls, changes of the configuration, votes and orders to stop are written down as they happen:
    </Empty>
  );

const useFilter = (): readonly [TrailFilter, (filter: TrailFilter) => void] => {
  const [search, setSearch] = useSearchParams();
  const filter = Object.fromEntries(NAMES.map((name) => [name, search.get(name) ?? ''])) as unknown as TrailFilter;
  const set = (next: TrailFilter): void =>
    setSearch((before) => {
      const after = new URLSearchParams(before);
      for (const name of NAMES) {
        if (next[name] === '') after.delete(name);
        else after.set(name, next[name]);
      }
      return after;
    });
  return [filter, set];
};

const useChain = (): readonly [ChainName, (chain: ChainName) => void] => {
  const [search, setSearch] = useSearchParams();
  const [node, chain] = [search.get('node'), search.get('of')];
  const set = (next: ChainName): void =>
    setSearch((before) => {
      const after = new URLSearchParams(before);
      for (const name of ['node', 'of', 'sel']) after.delete(name);
      if (next.node !== undefined) after.set('node', next.node);
      if (next.chain !== undefined) after.set('of', next.chain);
      return after;
    });
  return [{ ...(node === null ? {} : { node }), ...(chain === null ? {} : { chain }) }, set];
};

/** The newest record that is in the list. It follows the chain while nobody reads further down: rows must not move under a hand. */
const useShown = (
  head: number | undefined,
  chain: string,
  isFollowing: boolean,
): readonly [number, (seq: number) => void] => {
  const [shown, setShown] = useState({ chain, seq: 0 });
  const now = shown.chain === chain ? shown.seq : 0;
  useEffect(() => {
    if (head !== undefined && (now === 0 || isFollowing)) setShown({ chain, seq: head });
  }, [head, chain, now, isFollowing]);
  return [now === 0 ? (head ?? 0) : now, (seq) => setShown({ chain, seq })];
};

interface ChainsProps {
  readonly chain: ChainName;
  readonly onChain: (chain: ChainName) => void;
}

/** Nodes write down the calls that they send; what they handed over is a chain of its own. */
const Chains = ({ chain, onChain }: ChainsProps): JSX.Element | null => {
  const heads = useAuditNodes().data?.items ?? [];
  if (heads.length === 0 && chain.node === undefined) return null;
  const at = heads.findIndex(({ node, tenant }) => node === chain.node && (chain.chain ?? tenant) === tenant);
  return (
    <span className="with-choice">
      <select
        aria-label="Whose chain"
        value={chain.node === undefined ? 'own' : String(at)}
        onChange={({ target: { value } }) => {
          const head = heads[Number(value)];
          onChain(value === 'own' || head === undefined ? {} : { node: head.node, chain: head.tenant });
        }}
      >
        <option value="own">of this hub</option>
        {heads.map(({ node, tenant, seq }, index) => (
          <option key={`${node} ${tenant}`} value={index}>
            of node {plain(cut(node, 60))} ({seq})
          </option>
        ))}
        {chain.node !== undefined && at < 0 && <option value="-1">of node {plain(cut(chain.node, 60))}</option>}
      </select>
    </span>
  );
};
