/** The records as a file, one a line, as `airspace audit verify --file` takes them. */
import { type JSX, useEffect, useRef, useState } from 'react';
import { type ChainName, everyRecord } from '../api/audit.ts';
import { count } from '../model/format.ts';
import { save } from '../parts/save.ts';

interface ExportProps {
  readonly chain: ChainName;
  /** Null: the whole chain. */
  readonly query: Readonly<Record<string, string | number | undefined>> | null;
}

export const Export = ({ chain, query }: ExportProps): JSX.Element => {
  const [said, setSaid] = useState('');
  const work = useRef<AbortController | null>(null);
  useEffect(() => () => work.current?.abort(), []);
  const run = async (): Promise<void> => {
    const abort = new AbortController();
    work.current = abort;
    const parts: string[] = [];
    let records = 0;
    try {
      for await (const page of everyRecord(chain, query, abort.signal)) {
        parts.push(page.map((record) => `${JSON.stringify(record)}\n`).join(''));
        records += page.length;
        setSaid(`${count(records)} records`);
      }
      save(new Blob(parts, { type: 'application/x-ndjson' }), 'audit.jsonl');
      setSaid(
        query === null ? `${count(records)} records` : `${count(records)} records; a part cannot be verified by itself`,
      );
    } catch (thrown) {
      if (!abort.signal.aborted) setSaid(thrown instanceof Error ? thrown.message : String(thrown));
    }
    work.current = null;
  };
  const press = (): void => {
    if (work.current === null) void run();
    else {
      work.current.abort();
      setSaid('');
    }
  };
  return (
    <button
      type="button"
      className="plain"
      onClick={press}
      title={query === null ? 'the whole chain' : 'what fits the filter'}
    >
      Export JSONL
      {said !== '' && (
        <span className="faint num" role="status">
          {said}
        </span>
      )}
    </button>
  );
};
