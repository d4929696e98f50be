/** The process of a node: what runs, since when, and what it takes of the machine. */
import type { Source } from '../../../telemetry/index.ts';
import { VERSION } from '../../version.ts';

export const processSource = (node: string, role: string): Source => ({
  name: 'process',
  read: (say) => {
    const { user, system } = process.cpuUsage();
    say('airspace_build_info', { version: VERSION, node, role }, 1);
    say('process_start_time_seconds', {}, Math.round(performance.timeOrigin) / 1_000);
    say('process_cpu_seconds_total', {}, (user + system) / 1_000_000);
    say('process_resident_memory_bytes', {}, process.memoryUsage.rss());
  },
});
