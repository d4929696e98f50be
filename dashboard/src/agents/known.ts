/** An agent, model or tool with what is known of it. */
import type { TopTarget } from '../../../src/contract/index.ts';
import type { DescribedTarget } from '../api/views.ts';
import type { Flow } from '../model/traffic.ts';

export interface Known {
  /** `agent/orders` */
  readonly id: string;
  readonly target: DescribedTarget;
  readonly seen: TopTarget | undefined;
  /** Of the last minutes; absent: nobody called it. */
  readonly flow: Flow | undefined;
}
