/**
 * The data that enters the domain: log events in, call records out. A call record is the only input type of everything
 * after parsing. `null` means "the log does not say"; no field is ever guessed. Units stand in the names.
 */

/** One item of a log stream, with CloudWatch Logs' own field names. `id` is unique within its stream. */
export interface LogEvent {
  readonly id: string;
  /** Milliseconds since the epoch, UTC. */
  readonly timestamp: number;
  readonly message: string;
}

/** Events of one log stream in the order they were written. */
export interface LogBatch {
  /** AWS account of the log group; `local` for files and standard input. */
  readonly owner: string;
  readonly logGroup: string;
  readonly logStream: string;
  readonly events: readonly LogEvent[];
}

/**
 * What a record says about its call.
 * `final`: how the call ended, badly. `attempt`: one HTTP try that failed. `retry-notice`: a try failed and another was
 * announced. `success`: the call, or its last try, went well.
 */
export type RecordKind = 'final' | 'attempt' | 'retry-notice' | 'success';

export type StatusSource = 'http' | 'body' | 'text';

/** A limit or budget as the refusal states it; amounts in the unit of `dimension`. */
export interface Limit {
  /** Who is limited: `key`, `team`, `model`, `provider` … as the message names it. */
  readonly scope: string | null;
  readonly dimension: 'requests' | 'tokens' | 'concurrency' | 'budget';
  readonly limit: number | null;
  readonly used: number | null;
  readonly resetsAtMs: number | null;
}

export interface CallRecord {
  readonly eventId: string;
  readonly atMs: number;
  readonly logGroup: string;
  readonly logStream: string;
  /** Family of log shape that was recognised, such as `openai-python` or `httpx-line`. */
  readonly shape: string;
  readonly kind: RecordKind;
  /** HTTP status 100–599. */
  readonly status: number | null;
  readonly statusSource: StatusSource | null;
  readonly errorType: string | null;
  readonly errorClass: string | null;
  /** Redacted evidence text, at most 1,000 characters. In memory only: never stored, never sent. */
  readonly message: string | null;
  /** Level and name of the logger, as the line gives them. In memory only. */
  readonly writer: string | null;
  readonly provider: string | null;
  readonly model: string | null;
  readonly route: string | null;
  /** Path of the API that was called, without host and query. */
  readonly endpoint: string | null;
  readonly tenant: string | null;
  readonly project: string | null;
  readonly keyAlias: string | null;
  /** Salted hash of the key, 8 hexadecimal digits. */
  readonly keyHash: string | null;
  readonly limit: Limit | null;
  readonly retryAfterMs: number | null;
  /** LLMGrid's own trace id (`x_llmgrid_trace_id`), one per call; never an OpenTelemetry trace. */
  readonly traceId: string | null;
  /** The gateway's id of the call (`x-request-id`, `litellm_call_id`); never a Lambda request id. */
  readonly requestId: string | null;
  /** The Lambda invocation that wrote the line; one invocation may make many calls. */
  readonly invocationId: string | null;
  readonly latencyMs: number | null;
  readonly retryCount: number | null;
  readonly stream: boolean | null;
  readonly tokens: { readonly prompt: number | null; readonly completion: number | null } | null;
  readonly service: string | null;
}

/** Why a log event is not a usable call record. `not-a-call` and `other-host` are calm; the rest deserve a look. */
export type SkipReason = 'not-a-call' | 'other-host' | 'own-log' | 'unreadable' | 'malformed' | 'too-late';
