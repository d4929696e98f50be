/** A value once it has stood still for a while: somebody who types is not asked about at every letter. */
import { useEffect, useState } from 'react';
import type { PolicyText } from './draft.ts';

export const useSettled = ({ policies, limits }: PolicyText, afterMs: number): PolicyText => {
  const [settled, setSettled] = useState<PolicyText>({ policies, limits });
  useEffect(() => {
    const timer = setTimeout(() => setSettled({ policies, limits }), afterMs);
    return () => clearTimeout(timer);
  }, [policies, limits, afterMs]);
  return settled;
};
