/** Answers to what cannot be answered: application/problem+json (RFC 9457), one sentence with what is allowed. */
import type { BadParameter } from './query.ts';

interface Problem {
  readonly status: number;
  readonly title: string;
  readonly detail: string;
  readonly [member: string]: unknown;
}

export const problem = (body: Problem, headers: Record<string, string> = {}): Response =>
  new Response(JSON.stringify({ type: 'about:blank', ...body }), {
    status: body.status,
    headers: { 'Content-Type': 'application/problem+json', ...headers },
  });

export const badParameters = (errors: readonly BadParameter[]): Response => {
  const detail = errors.map((error) => error.detail).join(' ');
  return problem({ type: 'urn:gridwatch:bad-parameter', title: 'Bad parameter', status: 400, detail, errors });
};

export const notFound = (what: string, detail: string, allowed?: readonly string[]): Response =>
  problem({ status: 404, title: `No such ${what}`, detail, ...(allowed && { allowed }) });

export const methodNotAllowed = (method: string, allowed: readonly string[]): Response => {
  const list = allowed.join(', ');
  const detail = `${method} is not allowed here; allowed: ${list}.`;
  return problem({ status: 405, title: 'Method not allowed', detail, allowed }, { Allow: list });
};

export const forbidden = (): Response =>
  problem({ status: 403, title: 'Forbidden', detail: 'A page of another origin may not ask for this.' });

export const wrongType = (type: string): Response =>
  problem({
    status: 415,
    title: 'Unsupported media type',
    detail: `The body must be ${type}; say so with Content-Type.`,
  });

export const tooLarge = (most: number): Response =>
  problem({ status: 413, title: 'Body too large', detail: `The body may have ${most} characters at most.` });
