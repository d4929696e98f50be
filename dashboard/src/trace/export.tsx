/** The trace as a file in OTLP JSON, for whatever else reads traces: the same that a collector gets. */
import { type JSX, useState } from 'react';
import { get } from '../api/client.ts';
import { save } from '../parts/save.ts';
import { Text } from '../parts/text.tsx';

export const ExportOtlp = ({ id }: { readonly id: string }): JSX.Element => {
  const [problem, setProblem] = useState('');
  const press = async (): Promise<void> => {
    setProblem('');
    try {
      const trace = await get<unknown>(`/v1/traces/${encodeURIComponent(id)}/otlp`);
      save(new Blob([JSON.stringify(trace)], { type: 'application/json' }), `trace-${id}.otlp.json`);
    } catch (thrown) {
      setProblem(thrown instanceof Error ? thrown.message : String(thrown));
    }
  };
  return (
    <>
      <button
        type="button"
        className="plain"
        onClick={() => void press()}
        title="the whole trace, as a collector gets it"
      >
        Export OTLP
      </button>
      {problem !== '' && (
        <span className="bad" role="alert">
          <Text of={problem} most={200} />
        </span>
      )}
    </>
  );
};
