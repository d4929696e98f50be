/** Looks at files in a thread: what an author asks for with every pause of typing must not hold up a call. */
import { type Diagnosis, Fault } from '../../contract/index.ts';
import { Apart } from '../../policy/apart/index.ts';
import type { DiagnoseRequest } from './request.ts';
import type { Looked } from './thread.ts';

/** Beyond that somebody asks faster than anybody types. */
const MOST_WAITING = 16;

export class ApartDiagnoser {
  readonly #thread = new Apart<DiagnoseRequest, Looked>(new URL('./thread.ts', import.meta.url));

  /** Throws `overloaded`. */
  async diagnose(request: DiagnoseRequest): Promise<Diagnosis> {
    if (this.#thread.waiting >= MOST_WAITING)
      throw new Fault(
        'overloaded',
        `${MOST_WAITING} others wait for an answer about their files; ask again in a moment`,
      );
    const looked = await this.#thread.do(request);
    if ('diagnosis' in looked) return looked.diagnosis;
    throw new Fault('internal', 'these files could not be looked at', { cause: new Error(looked.failure) });
  }

  close(): Promise<void> {
    return this.#thread.close();
  }
}
