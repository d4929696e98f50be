/** Runs the requirements against one place after the other, and says what failed where. */
import { appliesTo, type Bench, REQUIREMENTS, type Requirement } from './must.ts';
import { type Place, type Speaker, speakersAt } from './speakers.ts';

export interface Row {
  readonly id: string;
  readonly speaker: string;
  /** Empty: it is met. */
  readonly failure: string;
}

/** Of one requirement. */
const LIMIT_MS = 15_000;

export const runAt = async (
  place: Place,
  release: () => void,
  wants: (requirement: Requirement, speaker: Speaker) => boolean = () => true,
): Promise<readonly Row[]> => {
  const rows: Row[] = [];
  for (const speaker of speakersAt(place))
    for (const requirement of REQUIREMENTS) {
      if (!appliesTo(requirement, speaker) || !wants(requirement, speaker)) continue;
      rows.push({
        id: requirement.id,
        speaker: speaker.name,
        failure: await failureOf(requirement, { place, speaker, release }),
      });
      release();
    }
  return rows;
};

const failureOf = async ({ check }: Requirement, bench: Bench): Promise<string> => {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`not within ${LIMIT_MS} ms`)), LIMIT_MS);
  try {
    await Promise.race([check(bench), late.promise]);
    return '';
  } catch (thrown) {
    return thrown instanceof Error ? thrown.message.split('\n').slice(0, 3).join(' ').slice(0, 300) : String(thrown);
  } finally {
    clearTimeout(timer);
  }
};
