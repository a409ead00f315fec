/**
 * A storage that cannot deliver, and whose failure is no fault of this server.
 *
 * @module
 */

/** Becomes the answer: 502 and 504 for an origin that fails, 503 for a file that keeps changing. */
export class SourceError extends Error {
  /** The status of the answer. */
  readonly status: 502 | 503 | 504;
  /** Makes one for the log; the client sees the status alone. */
  constructor(status: 502 | 503 | 504, message: string, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
  }
}

/** The file is not the one that was looked up; another look may help. */
export function changed(name: string): SourceError {
  return new SourceError(503, `${name} changed while it was looked up`);
}
