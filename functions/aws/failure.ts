/** What Lambda writes into a bucket when an asynchronous invocation failed for good: the event, and how it failed. */

/**
 * Where: `aws/lambda/async/<function>/<yyyy>/<mm>/<dd>/<time>-<id>`, so the oldest of a function come first.
 * https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
 */
export const FAILED_PREFIX = 'aws/lambda/async/';

export type Failure =
  | { readonly kind: 'event'; readonly payload: unknown }
  /** A tick of the clock: the next one has long done its work. */
  | { readonly kind: 'tick' }
  | { readonly kind: 'unreadable' };

export function readFailure(text: string): Failure {
  let record: unknown;
  try {
    record = JSON.parse(text);
  } catch {
    return { kind: 'unreadable' };
  }
  if (typeof record !== 'object' || record === null || !Object.hasOwn(record, 'requestPayload')) {
    return { kind: 'unreadable' };
  }
  const payload: unknown = Object(record).requestPayload;
  return Object(payload).source === 'aws.events' ? { kind: 'tick' } : { kind: 'event', payload };
}
