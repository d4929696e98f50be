/** The process that reads the streams, apart from everything it measures: one order at a time over the IPC channel. */
import { drive } from './drive.ts';
import type { StreamOrder } from './order.ts';

process.on('message', (order: StreamOrder) => {
  drive(order).then(
    (result) => process.send?.({ result }),
    (error: Error) => process.send?.({ failed: error.message }),
  );
});
process.on('disconnect', () => process.exit(0)); // the benchmark is gone, however it ended
