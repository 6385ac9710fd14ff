/**
 * Outcome -> what a person makes of it: category, who refused, whether to try again. Apart from `classify.ts`, because counting
 * needs a cause and no more: so ingest goes without the catalogue's texts.
 */
import { type Category, categoryOf, causeById, type Origin, type RetryVerdict } from './causes.ts';
import type { Outcome } from './classify.ts';
import { PROVIDER_TOKEN } from './parse/vocabulary.ts';
import type { CallRecord } from './record.ts';

export interface Triage {
  readonly category: Category | null;
  readonly origin: Origin | null;
  readonly retry: RetryVerdict | null;
}

export function triage({ record, failed, cause }: Outcome): Triage {
  if (!failed || cause === null) return { category: null, origin: null, retry: null };
  const row = causeById(cause);
  return {
    category: categoryOf(cause, record.status),
    origin: originOf(record, row?.origin ?? 'unknown'),
    retry: cause === 'unknown' ? retryOfStatus(record.status) : (row?.retry ?? null),
  };
}

const retryOfStatus = (status: number | null): RetryVerdict | null =>
  status === null ? null : status === 429 || status >= 500 ? 'backoff' : 'never';

const EDGE = /<html|<title>|cloudflare|nginx/i;
const GATEWAY = /litellm|llmgrid|Virtual Key|api_key|budget/i;

/** Who refused: a provider's token in the message, an edge's page, the client itself; else what the catalogue says. */
function originOf(record: CallRecord, usual: Origin): Origin {
  const text = record.message ?? '';
  if (PROVIDER_TOKEN.test(text)) return 'provider';
  if (EDGE.test(text)) return 'edge';
  if (usual !== 'unknown') return usual;
  return record.status === null ? 'client' : GATEWAY.test(text) ? 'gateway' : 'unknown';
}
