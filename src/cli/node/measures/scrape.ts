/** Metrics as a door asks for them. */
import type { AdminPorts } from '../../../doors/admin/index.ts';
import { CONTENT_TYPES, expositionFor, type Metrics } from '../../../telemetry/index.ts';

export const scrape =
  (metrics: Pick<Metrics, 'text'>): AdminPorts['metrics']['text'] =>
  async (accept) => {
    const exposition = expositionFor(accept);
    return { contentType: CONTENT_TYPES[exposition], text: await metrics.text(exposition) };
  };
