/**
 * The dashboard of a deployed gridwatch on this machine: requests of the browser go on to the Function URL, signed with this
 * user's AWS credentials. So no public endpoint and no password page is needed. Whatever runs on this machine can ask it
 * while it runs; a page of another origin cannot (`server.ts` checks the host, `isOfThisPage` the origin).
 */
import { isJson, isOfThisPage } from '../../shared/api.ts';
import { forbidden, notFound, problem, wrongType } from '../../shared/problem.ts';
import type { Client } from './client.ts';

const OPEN = /^\/(?:$|assets\/[\w.-]+$|v1\/)/;
/** What means something to the page; what belongs to the connection or to AWS stays here. */
const PASSED = [
  ...['content-type', 'cache-control', 'content-security-policy', 'x-content-type-options', 'referrer-policy', 'allow'],
  ...['cross-origin-opener-policy', 'cross-origin-resource-policy', 'location', 'vary', 'retry-after'],
];

export function signingProxy(client: Client): (request: Request) => Promise<Response> {
  return async (request) => {
    const { pathname, search } = new URL(request.url);
    if (!OPEN.test(pathname)) return notFound('path', 'The paths are /, /assets/ and /v1/.');
    const isReading = request.method === 'GET' || request.method === 'HEAD';
    if (!isReading && !isOfThisPage(request)) return forbidden();
    const body = isReading ? null : (await request.text()) || null;
    // It goes on as JSON, so it must have come as JSON: that is what a page elsewhere may not send unasked.
    if (body !== null && !isJson(request)) return wrongType('application/json');
    const accept = request.headers.get('accept') ?? '*/*';
    let answer: Response;
    try {
      answer = await client.ask({ method: request.method, path: `${pathname}${search}`, accept, body });
    } catch (error) {
      return failed(error);
    }
    const headers = PASSED.flatMap((name) => {
      const value = answer.headers.get(name);
      return value === null ? [] : [[name, value] as [string, string]];
    });
    return new Response(isReading && request.method === 'HEAD' ? null : answer.body, {
      status: answer.status,
      headers,
    });
  };
}

/** The page shows the sentence. A bug is no sentence, and goes on to the terminal. */
function failed(error: unknown): Response {
  if (!(error instanceof Error) || !('code' in error)) throw error;
  const isRefused = error.code !== 'UNREACHABLE';
  const title = isRefused ? 'Not allowed' : 'The deployed gridwatch does not answer';
  return problem({ status: isRefused ? 403 : 502, title, detail: error.message });
}
