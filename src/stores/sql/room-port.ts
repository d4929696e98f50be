/** The port of room over a database. What is a file, and what of it is free, only the engine knows. */
import type { RoomStore, TelemetrySize } from '../../contract/index.ts';
import type { Lane } from './commands.ts';

export interface Disk {
  readonly size: () => Promise<Pick<TelemetrySize, 'fileBytes' | 'freeBytes'>>;
  readonly giveBack: () => Promise<boolean>;
}

export const roomOver = (lane: Lane, disk: Disk, part = ''): RoomStore => ({
  size: async () => ({ ...(await lane.read('telemetrySize', null)), ...(await disk.size()) }),
  removeOldest: (limit) => lane.write('removeOldest', { limit, part }),
  newest: () => lane.read('newestEvent', null),
  arrived: async (after, through, limit) => {
    const rows = await lane.read('arrivedEvents', { after, through, limit });
    const traces = new Map(rows.map(({ tenant, trace }) => [JSON.stringify([tenant, trace]), { tenant, trace }]));
    return { traces: [...traces.values()], seq: rows.length < limit ? through : rows.at(-1)!.seq! };
  },
  drop: (traces, until) => lane.write('dropTraces', { traces, ...until, part }),
  judged: () => lane.read('judgedThrough', null),
  judge: async (seq) => {
    await lane.write('putJudged', { seq });
  },
  giveBack: disk.giveBack,
});
