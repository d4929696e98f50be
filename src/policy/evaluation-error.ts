/** What a policy raises when it cannot be evaluated: the third outcome beside satisfied and not satisfied. */

export class EvaluationError extends Error {
  override readonly name = 'EvaluationError';

  constructor(message: string) {
    // Raised on the hot path by ordinary policies; nobody reads a stack trace of it.
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = 0;
    super(message);
    Error.stackTraceLimit = limit;
  }
}
