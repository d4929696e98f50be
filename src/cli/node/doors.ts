/** Every protocol that callers may speak to a node, over one pipeline. Whoever adds a door adds it here, for all kinds of nodes. */
import type { Call, Directory, Fault } from '../../contract/index.ts';
import type { Inbound } from '../../doors/http/index.ts';
import type { Door } from '../../doors/index.ts';
import { type AsyncCalls, nativeDoor } from '../../doors/native/index.ts';
import type { Handler, World } from '../../kernel/index.ts';

export interface DoorParts {
  readonly world: World;
  /** Asked once per call. */
  readonly handler: () => Handler;
  readonly directory: Directory;
  /** Calls that nobody waits for. Absent: this listener keeps none. */
  readonly calls?: AsyncCalls;
  /** A listener for one known process says here who that is. */
  readonly known?: (inbound: Pick<Inbound, 'credential'>) => Call['credential'];
  readonly onInternal: (fault: Fault, occurrence: object) => void;
}

export const doorsOf = (parts: DoorParts): readonly Door[] => [nativeDoor(parts)];
