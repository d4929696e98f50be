/** A message as its target gets it: with the ids that it knows, and without what this node sees to itself. */
import type { SendMessageRequest } from '../../dialects/a2a/index.ts';
import type { Inbound } from '../http/index.ts';
import { APPROVAL_URI } from './words.ts';

/** Each hop says its own version; our own extensions are not for the target. */
export const headersOf = (passed: Inbound['passed']): Inbound['passed'] =>
  passed.flatMap((field): Inbound['passed'] => {
    const [name, value] = field;
    if (name === 'a2a-version') return [];
    if (name !== 'a2a-extensions' && name !== 'x-a2a-extensions') return [field];
    const others = value
      .split(',')
      .map((uri) => uri.trim())
      .filter((uri) => uri !== '' && uri !== APPROVAL_URI);
    return others.length === 0 ? [] : [['a2a-extensions', others.join(', ')]];
  });

export interface There {
  readonly isA2a: boolean;
  readonly task: string | undefined;
  readonly context: string | undefined;
  readonly references: readonly string[];
}

/** The request as the target gets it: with its own ids, and without what this node sees to itself. */
export const outwards = ({ message, configuration, metadata }: SendMessageRequest, there: There): object => {
  const { taskId: _, contextId: __, referenceTaskIds: ___, extensions, ...rest } = message;
  const others = extensions?.filter((uri) => uri !== APPROVAL_URI);
  const kept = {
    ...(configuration?.acceptedOutputModes === undefined
      ? {}
      : { acceptedOutputModes: configuration.acceptedOutputModes }),
    ...(configuration?.returnImmediately === undefined ? {} : { returnImmediately: configuration.returnImmediately }),
  };
  return {
    message: {
      ...rest,
      ...(there.task === undefined ? {} : { taskId: there.task }),
      ...(there.context === undefined ? {} : { contextId: there.context }),
      ...(there.references.length === 0 ? {} : { referenceTaskIds: there.references }),
      ...(others === undefined || others.length === 0 ? {} : { extensions: others }),
    },
    ...(there.isA2a && Object.keys(kept).length > 0 ? { configuration: kept } : {}),
    ...(metadata === undefined ? {} : { metadata }),
  };
};
