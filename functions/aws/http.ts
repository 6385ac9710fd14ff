/** What the Function URL says of a request, and answers when nothing can be read. */
import type { LambdaEvent } from 'hono/aws-lambda';
import { ENDPOINTS } from '../../shared/query.ts';

/** What was asked for as one of our own paths: whatever else the caller wrote does not belong into a log. */
export function routeOf(event: LambdaEvent): string {
  const path = 'rawPath' in event ? event.rawPath : '';
  const route = ENDPOINTS.find((endpoint) => new RegExp(`^${endpoint.path.replace('{id}', '[^/]+')}/?$`).test(path));
  return route?.path ?? 'other';
}

export function unavailable(): Response {
  const detail = 'The figures could not be read; the log of this function says why. Ask again in a minute.';
  const body = JSON.stringify({ type: 'about:blank', title: 'Service unavailable', status: 503, detail });
  return new Response(body, {
    status: 503,
    headers: { 'Content-Type': 'application/problem+json', 'Retry-After': '60' },
  });
}
