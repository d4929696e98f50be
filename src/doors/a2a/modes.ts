/** Media types that a target takes and gives, held against what a message has and what its sender wants. */
import type { TargetEntry } from '../../contract/index.ts';
import type { SendMessageRequest } from '../../dialects/a2a/index.ts';
import { refusal } from './refuse.ts';

/** Throws `CONTENT_TYPE_NOT_SUPPORTED`. What a target does not say of itself, it decides itself. */
export const throwIfModesDiffer = (entry: TargetEntry, { message, configuration }: SendMessageRequest): void => {
  const inputs = modesIn(entry, 'defaultInputModes', 'inputModes');
  for (const { mediaType } of message.parts)
    if (
      mediaType !== undefined &&
      mediaType !== '' &&
      inputs !== undefined &&
      !inputs.some((mode) => covers(mode, mediaType))
    )
      throw refusal(
        'CONTENT_TYPE_NOT_SUPPORTED',
        `${entry.kind} \`${entry.name}\` does not take \`${mediaType.slice(0, 100)}\`; it takes ${inputs.join(', ')}`,
      );
  const wanted = configuration?.acceptedOutputModes ?? [];
  const outputs = modesIn(entry, 'defaultOutputModes', 'outputModes');
  if (wanted.length === 0 || outputs === undefined) return;
  if (!wanted.some((one) => outputs.some((mode) => covers(one, mode) || covers(mode, one))))
    throw refusal(
      'CONTENT_TYPE_NOT_SUPPORTED',
      `${entry.kind} \`${entry.name}\` answers in ${outputs.join(', ')}, and none of these is accepted`,
    );
};

/** Undefined: nobody knows. */
const modesIn = ({ card }: TargetEntry, defaults: string, ofSkill: string): readonly string[] | undefined => {
  if (card === undefined) return undefined;
  const listed = [
    card[defaults],
    ...(Array.isArray(card['skills']) ? card['skills'].map((skill) => skill?.[ofSkill]) : []),
  ];
  const modes = listed
    .flatMap((modes) => (Array.isArray(modes) ? modes : []))
    .filter((mode) => typeof mode === 'string');
  return modes.length === 0 ? undefined : [...new Set(modes as string[])];
};

/** `text` is how older cards write `text/plain`. Parameters count for nothing. */
const covers = (mode: string, type: string): boolean => {
  const [wide, narrow] = [bare(mode), bare(type)];
  if (wide === '*/*' || wide === '*' || wide === narrow) return true;
  if (wide === 'text' && narrow.startsWith('text/')) return true;
  return wide.endsWith('/*') && narrow.startsWith(wide.slice(0, -1));
};

const bare = (type: string): string => type.split(';')[0]!.trim().toLowerCase();
