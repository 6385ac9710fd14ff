/**
 * The catalogue: one row per cause of failure. Remediation lives here and nowhere else. A row marked `documented` says
 * what LLMGrid's common-errors page says, in our words, and each step of it that is ours begins with "Ours: "; the
 * other rows are ours throughout, and so is every `doNot`. The page ends inside its section on time-outs: their causes
 * are documented, their steps are not. Long on purpose: it is one table, read a row at a time.
 */

/** The triage of a cause: what kind of trouble it is, whatever status carried it. */
export type Category = 'request' | 'throttle' | 'transient' | 'connection';
/** Who refused or broke the call, where the cause alone tells. */
export type Origin = 'gateway' | 'provider' | 'edge' | 'client' | 'platform' | 'unknown';
/** Whether trying again helps. */
export type RetryVerdict = 'never' | 'backoff' | 'long-backoff' | 'after-reset' | 'if-idempotent';

export interface Cause {
  readonly id: string;
  readonly category: Category;
  /** Statuses it is documented or seen under, the documented one first; empty where it has none. */
  readonly statuses: readonly number[];
  readonly title: string;
  readonly meaning: string;
  readonly commonCauses: readonly string[];
  /** What to do, in order; full sentences. */
  readonly remediation: readonly string[];
  /** What makes it worse, if anything. */
  readonly doNot: string | null;
  readonly retry: RetryVerdict;
  readonly origin: Origin;
  readonly documented: boolean;
  readonly docUrl: string;
}

type Row = Omit<Cause, 'documented' | 'docUrl'>;

const DOC_URL = 'https://docs.llmgrid.ai/guides/developer-docs/common-errors';

const SAME_REQUEST = 'Do not retry: the same request is refused the same way each time.';
const SAME_KEY = 'Do not retry: each call with this key is refused until the key or the header is put right.';
const SAME_ACCESS = 'Do not retry: the refusal stands until the access rule or the call changes.';
const BUDGET_STANDS = 'Do not rely on retries: backing off does not help until the budget is raised or resets.';
const QUOTA_STANDS = 'Do not rely on retries: backing off does not help until the quota or budget is raised or resets.';

const SEND_BEARER = 'Send the header "Authorization: Bearer" followed by the value of LLMGRID_API_KEY on each call.';
const CHECK_TENANT = "Review the tenant's policies and access controls for a rule that refuses this call.";
const CHECK_KEY_ACCESS = 'Make sure that the virtual key has been granted this model and its provider.';

const RATE_STEPS = [
  'Let each retry wait exponentially longer than the one before, with random jitter.',
  'Throttle in the client: put calls in a queue and cap how many run at once.',
  'Lower max_tokens, or call less often.',
  'Compare the budgets and rate limits set in LLMGrid with the traffic you really need.',
  'Ours: Wait at least as long as the Retry-After header or the reset time in the message says.',
] as const;
const SPENT_STEPS = [
  'Look up the budgets and rate limits in LLMGrid: which one is reached, and for which tenant, project or key.',
  'Ours: Have it raised if it is too low, or hold back work that can wait until it resets.',
  'Make what is left last longer: lower max_tokens or call less often.',
  'Throttle in the client with a queue and a concurrency cap, so that waiting work does not pile up.',
  'Let the retries that remain back off exponentially with jitter.',
] as const;
const SERVER_STEPS = [
  'Try again, waiting longer before each further attempt.',
  'If it lasts, note the model, the time and the tenant and key of failed calls, and take them to LLMGrid support.',
] as const;
const OVERLOAD_STEPS = [
  'Try again, but wait clearly longer between attempts than you would after a 500.',
  'Send fewer calls, and fewer of them at the same time, until it recovers.',
  'Switch to the fallback models or providers where some are configured.',
] as const;
const OURS_CHECK_NETWORK = 'Ours: Check DNS, proxy, NAT and TLS between the application and api.llmgrid.ai.';
const OURS_SHRINK = 'Ours: Shorten the prompt, lower max_tokens, or split the work into several calls.';

const DOCUMENTED = [
  // 400
  {
    id: 'invalid_json',
    category: 'request',
    statuses: [400],
    title: 'Request body is not valid JSON',
    meaning: 'The body could not be parsed as JSON, so the call was refused before any model saw it.',
    commonCauses: ['The body is malformed: cut off, badly escaped, encoded twice or empty.'],
    remediation: [
      'Check that the body parses as JSON and that each parameter has the right type before you send it.',
      "Ours: Build the body with the language's JSON serialiser instead of joining strings.",
    ],
    doNot: SAME_REQUEST,
    retry: 'never',
    origin: 'unknown',
  },
  {
    id: 'invalid_parameter',
    category: 'request',
    statuses: [400],
    title: 'Wrong parameter name or type',
    meaning: 'The body is JSON, but a parameter is misnamed, missing or of the wrong type.',
    commonCauses: ['A parameter name is misspelt.', 'A value has the wrong type, such as text where a number belongs.'],
    remediation: [
      'Check that the body is valid and that each parameter has the right name and type.',
      'Take out parameters that the provider does not know, or let the SDK drop them if it has such an option.',
    ],
    doNot: SAME_REQUEST,
    retry: 'never',
    origin: 'unknown',
  },
  {
    id: 'unsupported_parameter',
    category: 'request',
    statuses: [400],
    title: 'Parameter not supported by this model',
    meaning: 'The call carries a parameter that the chosen model or its provider does not accept.',
    commonCauses: ['The model or provider was changed, and the new one lacks a parameter that the old one took.'],
    remediation: [
      'Take the unsupported parameter out of the call.',
      'Or switch on the option that drops unsupported parameters, if the SDK has one.',
    ],
    doNot: SAME_REQUEST,
    retry: 'never',
    origin: 'unknown',
  },
  {
    id: 'invalid_messages',
    category: 'request',
    statuses: [400],
    title: 'Malformed messages list',
    meaning: 'The messages parameter does not have the structure that a chat call needs.',
    commonCauses: ['A message lacks its role or its content.', 'The messages parameter is missing or is not a list.'],
    remediation: ['Send messages as an array in which each object has both a role and content.'],
    doNot: SAME_REQUEST,
    retry: 'never',
    origin: 'unknown',
  },
  // 401
  {
    id: 'missing_auth_header',
    category: 'request',
    statuses: [401],
    title: 'No API key sent',
    meaning: 'The call came without an Authorization header, so LLMGrid does not know who is calling.',
    commonCauses: ['The Authorization header is missing.', 'The environment variable with the key is empty or unset.'],
    remediation: [
      SEND_BEARER,
      'Issue a new virtual key if none is at hand.',
      'Ours: Check that LLMGRID_API_KEY is set where the application runs.',
    ],
    doNot: SAME_KEY,
    retry: 'never',
    origin: 'gateway',
  },
  {
    id: 'malformed_key',
    category: 'request',
    statuses: [401],
    title: 'API key has the wrong format',
    meaning: 'A key was sent, but it does not look like an LLMGrid virtual key or lacks the Bearer prefix.',
    commonCauses: ['The key is in the wrong format: cut off, quoted, without Bearer, or a key of some other service.'],
    remediation: [
      SEND_BEARER,
      'Issue a new virtual key if the stored one cannot be recovered.',
      'Ours: Look for stray quotes, blanks or line breaks around the stored key.',
    ],
    doNot: SAME_KEY,
    retry: 'never',
    origin: 'gateway',
  },
  {
    id: 'expired_or_revoked_key',
    category: 'request',
    statuses: [401],
    title: 'Virtual key expired or revoked',
    meaning: 'The virtual key is no longer accepted: it has expired, or it was revoked, blocked or deleted.',
    commonCauses: ['The virtual key reached its expiry date.', 'Someone revoked, blocked or rotated the virtual key.'],
    remediation: [
      'Rotate the virtual key, or generate a new one, in LLMGrid.',
      SEND_BEARER,
      'Ours: Deploy the new key to each service that shares the old one, and restart those that cache it.',
    ],
    doNot: SAME_KEY,
    retry: 'never',
    origin: 'gateway',
  },
  // 403
  {
    id: 'model_access_denied',
    category: 'request',
    statuses: [403, 401, 500],
    title: 'Key may not use this model',
    meaning: 'The key is valid, but it has no permission for the model or provider that it asked for.',
    commonCauses: [
      'The virtual key was never granted the model or provider.',
      'The application moved to another model.',
    ],
    remediation: [CHECK_KEY_ACCESS, CHECK_TENANT],
    doNot: SAME_ACCESS,
    retry: 'never',
    origin: 'gateway',
  },
  {
    id: 'tenant_policy',
    category: 'request',
    statuses: [403, 401],
    title: 'Blocked by a tenant policy',
    meaning: 'The key is valid, but a policy of its tenant forbids this call.',
    commonCauses: ['A policy of the tenant blocks the request.'],
    remediation: [CHECK_TENANT, CHECK_KEY_ACCESS],
    doNot: SAME_ACCESS,
    retry: 'never',
    origin: 'gateway',
  },
  {
    id: 'environment_restriction',
    category: 'request',
    statuses: [403],
    title: 'Calls from this environment are not allowed',
    meaning: 'The key is valid, but the place where the call comes from is not permitted.',
    commonCauses: ['The IP address is not on the allowlist.', 'A security policy limits where the key may be used.'],
    remediation: [
      CHECK_TENANT,
      CHECK_KEY_ACCESS,
      'Ours: Compare the public IP address that the calls leave from (such as a NAT gateway) with the allowlist.',
    ],
    doNot: SAME_ACCESS,
    retry: 'never',
    origin: 'gateway',
  },
  // 404
  {
    id: 'wrong_path',
    category: 'request',
    statuses: [404, 405],
    title: 'Wrong base URL or endpoint path',
    meaning: 'Nothing exists at the address that was called.',
    commonCauses: [
      'The base URL or the path is wrong.',
      'The endpoint is misspelt, such as /chat/completion without the final s.',
    ],
    remediation: [
      'Check that the base URL is https://api.llmgrid.ai/v1.',
      'Check the spelling of the endpoint path, such as /chat/completions, and of the model.',
      'Ours: Log the full URL that the SDK calls: a base URL with /v1 missing or doubled shows there.',
    ],
    doNot: SAME_REQUEST,
    retry: 'never',
    origin: 'unknown',
  },
  {
    id: 'model_not_found',
    category: 'request',
    statuses: [404, 400],
    title: 'Model does not exist or is not enabled',
    meaning: 'The model that was asked for is unknown to LLMGrid or is not enabled for the tenant.',
    commonCauses: ['The model name is invalid.', 'The model is not enabled for the tenant.'],
    remediation: [
      'Check the spelling of the model name, and that the endpoint path is the right one for it.',
      'Check that the base URL is https://api.llmgrid.ai/v1.',
      'Ours: List the models that the key can see (GET /v1/models), and have a missing one enabled for the tenant.',
    ],
    doNot: SAME_REQUEST,
    retry: 'never',
    origin: 'unknown',
  },
  // 409
  {
    id: 'resource_exists',
    category: 'request',
    statuses: [409, 400],
    title: 'Resource already exists',
    meaning: 'The call tried to create something that is already there.',
    commonCauses: ['The same key, customer or configuration is created a second time.'],
    remediation: [
      'Clear up the duplicate: update what exists where that is possible, instead of creating it.',
      'Send the call again only if repeating it is safe and idempotent.',
    ],
    doNot: 'Do not repeat the create as it stands: it conflicts for as long as the resource exists.',
    retry: 'if-idempotent',
    origin: 'gateway',
  },
  {
    id: 'concurrent_update',
    category: 'request',
    statuses: [409],
    title: 'Two updates collided',
    meaning: 'Another change to the same configuration or key was under way at the same time.',
    commonCauses: ['Several callers update the same configuration or key at once.'],
    remediation: [
      'Send the update again if repeating it is safe and idempotent.',
      'Where two callers create the same thing, let the later one update it instead.',
      'Ours: Read the current state before you repeat the update, and let one writer at a time change it.',
    ],
    doNot: "Do not retry blindly: a repeated update can overwrite the other caller's change.",
    retry: 'if-idempotent',
    origin: 'gateway',
  },
  // 422
  {
    id: 'invalid_tool_schema',
    category: 'request',
    statuses: [422, 400],
    title: 'Invalid tool or function definition',
    meaning: 'The body is valid JSON, but a tool or function definition in it breaks the schema rules.',
    commonCauses: ['A tool or function definition lacks required fields or has an invalid schema.'],
    remediation: [
      'Check each tool definition against the schema, and the messages that refer to tools.',
      'Check that the chosen model and provider support the values that the definitions use.',
    ],
    doNot: SAME_REQUEST,
    retry: 'never',
    origin: 'unknown',
  },
  {
    id: 'invalid_message_format',
    category: 'request',
    statuses: [422],
    title: 'Message has an unsupported role or content',
    meaning: 'The body is valid JSON, but a message in it has a role or a content structure that is not supported.',
    commonCauses: ['A message uses an unsupported role.', 'The content of a message has an unsupported structure.'],
    remediation: [
      'Check each message object, and the tool definitions that it relies on, against the schema.',
      'Check that the chosen model and provider support the roles and content parts that you send.',
    ],
    doNot: SAME_REQUEST,
    retry: 'never',
    origin: 'unknown',
  },
  {
    id: 'parameter_out_of_range',
    category: 'request',
    statuses: [422, 400],
    title: 'Parameter value out of range',
    meaning: 'A parameter has the right type, but its value is outside what is allowed.',
    commonCauses: ['A value is out of bounds, such as a top_p below 0 or above 1.'],
    remediation: [
      'Bring each value within the bounds and the supported values of the chosen model and provider.',
      'Check numbers inside tool definitions and messages too.',
    ],
    doNot: SAME_REQUEST,
    retry: 'never',
    origin: 'unknown',
  },
  // 429
  {
    id: 'rate_limit_requests',
    category: 'throttle',
    statuses: [429],
    title: 'Too many requests per minute',
    meaning: 'More calls were sent in a minute than the limit on requests (RPM) allows.',
    commonCauses: ['A burst of traffic went past the limit on requests per minute.'],
    remediation: RATE_STEPS,
    doNot: 'Do not retry at once: immediate retries count as requests and prolong the throttling.',
    retry: 'backoff',
    origin: 'unknown',
  },
  {
    id: 'rate_limit_tokens',
    category: 'throttle',
    statuses: [429],
    title: 'Too many tokens per minute',
    meaning: 'The calls of the last minute used more tokens than the limit on tokens (TPM) allows.',
    commonCauses: ['A burst of traffic or of large prompts and answers went past the limit on tokens per minute.'],
    remediation: RATE_STEPS,
    doNot: 'Do not retry at once: the token limit is still used up, and the retries prolong the throttling.',
    retry: 'backoff',
    origin: 'unknown',
  },
  {
    id: 'concurrency_limit',
    category: 'throttle',
    statuses: [429],
    title: 'Too many calls at the same time',
    meaning: 'More calls were open at once than the limit on parallel requests allows.',
    commonCauses: ['Concurrency is too high: too many workers, or long calls that pile up.'],
    remediation: RATE_STEPS,
    doNot: 'Do not retry at once: each retry takes a slot that a call in flight still needs.',
    retry: 'backoff',
    origin: 'unknown',
  },
  {
    id: 'budget_exceeded',
    category: 'throttle',
    statuses: [429, 400, 401, 403],
    title: 'Budget used up',
    meaning:
      'The spend of the tenant, project or key has reached its budget; calls are refused until it is raised or resets.',
    commonCauses: ['The budget of the tenant, project or key is spent.'],
    remediation: SPENT_STEPS,
    doNot: BUDGET_STANDS,
    retry: 'after-reset',
    origin: 'gateway',
  },
  {
    id: 'quota_exceeded',
    category: 'throttle',
    statuses: [429, 402, 400],
    title: 'Quota used up',
    meaning: 'The quota that was granted is used up, or the account with the provider has run out of credit.',
    commonCauses: ['The quota of the tenant, project or key is used up.', 'The provider account is out of credit.'],
    remediation: [
      ...SPENT_STEPS,
      'Ours: If the message comes from the provider, have its account topped up by whoever pays for it.',
    ],
    doNot: QUOTA_STANDS,
    retry: 'after-reset',
    origin: 'unknown',
  },
  {
    // For a 429 of which the log says no more than the status.
    id: 'rate_limit_unspecified',
    category: 'throttle',
    statuses: [429],
    title: 'Throttled, limit not named',
    meaning:
      'The call was refused with 429; the log does not say whether a rate limit, a quota or a budget was reached.',
    commonCauses: [
      'A burst went past the requests or tokens allowed per minute.',
      'Concurrency is too high.',
      'A quota or budget of the tenant, project or key is used up.',
    ],
    remediation: [...RATE_STEPS, 'Ours: Log the body of the failed response, so that the limit behind it is named.'],
    doNot: 'Do not retry at once: immediate retries add to the load that is being throttled.',
    retry: 'backoff',
    origin: 'unknown',
  },
  // 500
  {
    id: 'provider_unstable',
    category: 'transient',
    statuses: [500, 502, 424],
    title: 'Provider failed for the moment',
    meaning: 'The model provider behind LLMGrid answered with a server-side failure.',
    commonCauses: ['The provider is unstable for a while.'],
    remediation: SERVER_STEPS,
    doNot: null,
    retry: 'backoff',
    origin: 'provider',
  },
  {
    id: 'routing_error',
    category: 'transient',
    statuses: [500, 502, 400, 520, 521, 523, 525, 526, 527, 530],
    title: 'Call could not be routed',
    meaning: 'The call did not reach a working deployment of the model on its way through the gateway.',
    commonCauses: ['Routing is disturbed for a while.', 'No healthy deployment of the model was left to choose from.'],
    remediation: SERVER_STEPS,
    doNot: null,
    retry: 'backoff',
    origin: 'gateway',
  },
  {
    id: 'internal_error',
    category: 'transient',
    statuses: [500],
    title: 'Internal server failure',
    meaning: 'Something broke on the server side, in the gateway or at the provider behind it.',
    commonCauses: ['An internal service failed.'],
    remediation: SERVER_STEPS,
    doNot: null,
    retry: 'backoff',
    origin: 'unknown',
  },
  // 503
  {
    id: 'provider_overloaded',
    category: 'transient',
    statuses: [503, 529, 498, 500],
    title: 'Provider overloaded',
    meaning: 'The model provider has no capacity for the call at the moment.',
    commonCauses: ['The provider is overloaded.', 'Capacity is short while traffic is high.'],
    remediation: OVERLOAD_STEPS,
    doNot: 'Do not retry quickly: that adds load to a provider that has no capacity left.',
    retry: 'long-backoff',
    origin: 'provider',
  },
  {
    id: 'maintenance',
    category: 'transient',
    statuses: [503],
    title: 'Down for maintenance',
    meaning: 'The service is unavailable for a while because it is being maintained.',
    commonCauses: ['A temporary maintenance window is open.'],
    remediation: OVERLOAD_STEPS,
    doNot: 'Do not retry quickly: calls fail until the maintenance is over.',
    retry: 'long-backoff',
    origin: 'unknown',
  },
  {
    // For a 503 of which the log says no more than the status.
    id: 'service_unavailable_unspecified',
    category: 'transient',
    statuses: [503],
    title: 'Service unavailable, reason not named',
    meaning: 'The service was unavailable or overloaded; the log does not say which part of it or why.',
    commonCauses: [
      'The provider is overloaded.',
      'A maintenance window is open.',
      'Capacity is short in high traffic.',
    ],
    remediation: [
      ...OVERLOAD_STEPS,
      'Ours: Log the body of the failed response, so that the reason behind it is named.',
    ],
    doNot: 'Do not retry quickly: that adds load to a service that is short of capacity.',
    retry: 'long-backoff',
    origin: 'unknown',
  },
  // No status. The page breaks off here: causes and symptoms are documented, the steps are ours.
  {
    id: 'client_timeout',
    category: 'connection',
    statuses: [],
    title: 'Client gave up waiting',
    meaning:
      'The call hung until the time-out that the application or its SDK had set, and then failed without an answer.',
    commonCauses: [
      'The client time-out is too low for a long generation.',
      'The prompt is very large or max_tokens is high.',
      'The network is unstable.',
    ],
    remediation: [
      'Ours: Set the client time-out above the longest generation you expect.',
      OURS_SHRINK,
      'Ours: Stream long answers, so that the first tokens arrive before the time-out.',
      'Ours: Try again with exponentially growing waits and jitter, and cap the number of attempts.',
      OURS_CHECK_NETWORK,
    ],
    doNot: 'Do not retry at once with the same time-out: the call is likely to time out and be paid for again.',
    retry: 'backoff',
    origin: 'client',
  },
  {
    id: 'stream_disconnected',
    category: 'connection',
    // Seen: a failure inside a stream that began with 200, and the same reported as 500.
    statuses: [200, 500],
    title: 'Stream broke off mid-answer',
    meaning: 'A streamed answer had begun and was cut before its end; what arrived is incomplete.',
    commonCauses: [
      'The network is unstable.',
      'The client time-out is too low for a long generation.',
      'The prompt is very large or max_tokens is high.',
    ],
    remediation: [
      'Ours: Treat the partial answer as failed, and ask again for the whole answer after a growing, jittered wait.',
      'Ours: Raise the read and idle time-outs of the client, and of each proxy on the way, above the longest pause.',
      OURS_SHRINK,
      OURS_CHECK_NETWORK,
    ],
    doNot: 'Do not join the retried answer to the half one, and do not repeat tool calls that have already run.',
    retry: 'backoff',
    origin: 'unknown',
  },
  {
    id: 'network_error',
    category: 'connection',
    statuses: [],
    title: 'Network connection failed',
    meaning: 'The connection to LLMGrid could not be opened or was lost before an answer came.',
    commonCauses: ['The network is unstable: DNS, refused or reset connections, or TLS.'],
    remediation: [
      'Ours: Try again with exponentially growing waits and jitter.',
      OURS_CHECK_NETWORK,
      'Ours: If all calls fail, check the host name in the base URL and the egress rules of the application.',
    ],
    doNot: null,
    retry: 'backoff',
    origin: 'unknown',
  },
] as const satisfies readonly Row[];

/** Seen in reality, not on LLMGrid's page: the advice is ours; the link leads to the page's triage by status. */
const NOT_DOCUMENTED = [
  {
    id: 'context_length_exceeded',
    category: 'request',
    statuses: [400],
    title: "Prompt too long for the model's context",
    meaning: 'The prompt and the answer asked for do not fit together into the context window of the model.',
    commonCauses: [
      'The conversation history or a retrieved document grew too long.',
      'The max_tokens value is too high.',
    ],
    remediation: [
      'Shorten the prompt: trim or summarise old messages and retrieved text.',
      'Lower max_tokens so that prompt and answer fit together.',
      'Count tokens before the call, or choose a model with a larger context window.',
    ],
    doNot: SAME_REQUEST,
    retry: 'never',
    origin: 'provider',
  },
  {
    id: 'content_policy',
    category: 'request',
    statuses: [400, 403, 500],
    title: 'Blocked by a content filter',
    meaning: 'A guardrail of the gateway or a content filter of the provider refused the prompt or the answer.',
    commonCauses: ['The prompt or the answer broke a content rule.', 'A guardrail is stricter than the traffic needs.'],
    remediation: [
      'Find out which guardrail or filter fired and on what kind of content.',
      'Clean or reject such input before the call, and show the user a plain refusal.',
      'If harmless content is blocked, have the rule relaxed by whoever owns the guardrail.',
    ],
    doNot: 'Do not retry: the same content is blocked again, and repeated violations can get the account restricted.',
    retry: 'never',
    origin: 'unknown',
  },
  {
    id: 'payload_too_large',
    category: 'request',
    statuses: [413, 400],
    title: 'Request body too large',
    meaning: 'The body has more bytes than the gateway, the provider or a proxy on the way accepts.',
    commonCauses: ['Images, audio or files are embedded in the body.', 'A very long conversation is sent in full.'],
    remediation: [
      'Make the body smaller: compress or scale down media, and send fewer files per call.',
      'Pass large files by URL or upload where the provider allows it.',
      'Check the body size limit of your own proxies.',
    ],
    doNot: SAME_REQUEST,
    retry: 'never',
    origin: 'unknown',
  },
  {
    id: 'provider_credentials',
    category: 'request',
    statuses: [401, 403],
    title: "Provider refuses the gateway's own key",
    meaning: 'LLMGrid accepted the call, but the provider refused the credential that the gateway uses for it.',
    commonCauses: ['The provider key stored in LLMGrid expired, was revoked, or lacks a permission or region.'],
    remediation: [
      'Ask the administrator of the LLMGrid tenant to renew or correct the provider credential.',
      'Route to another provider until that is done.',
    ],
    doNot: 'Do not rotate the virtual key and do not retry: neither changes the credential that is refused.',
    retry: 'never',
    origin: 'provider',
  },
  {
    id: 'request_exceeds_limit',
    category: 'throttle',
    statuses: [429, 413],
    title: 'One request larger than the whole token limit',
    meaning: 'This single request needs more tokens than the limit allows in a minute, so it can never pass.',
    commonCauses: ['The prompt is very large.', 'The max_tokens value is high.', 'The tokens-per-minute limit is low.'],
    remediation: [
      'Shrink the request below the limit: shorten the prompt, lower max_tokens or split the work.',
      'Have the tokens-per-minute limit raised, or use a model with a higher one, if the request must stay large.',
    ],
    doNot: 'Do not retry: waiting does not help, because the request exceeds the limit on its own.',
    retry: 'never',
    origin: 'unknown',
  },
  {
    id: 'gateway_timeout',
    category: 'connection',
    statuses: [504, 408, 522, 524],
    title: 'Gateway timed out waiting for the model',
    meaning: 'The gateway or a proxy in front of it waited for the answer until its own time-out and gave up.',
    commonCauses: [
      'The provider is slow.',
      'The generation is long.',
      'A proxy or load balancer has a short time-out.',
    ],
    remediation: [
      'Try again with exponentially growing waits and jitter, and cap the number of attempts.',
      'Shorten the prompt, lower max_tokens or stream the answer.',
      'Have the time-out of the gateway or proxy raised if long generations are expected.',
      'Use a faster model or a fallback while the provider is slow.',
    ],
    doNot: 'Do not retry in quick succession: each attempt waits out the full time-out and may be paid for.',
    retry: 'backoff',
    origin: 'unknown',
  },
  {
    id: 'client_disconnected',
    category: 'connection',
    statuses: [499],
    title: 'Caller hung up first',
    meaning: 'The application, or a proxy on its side, closed the connection before the answer was complete.',
    commonCauses: ['The client time-out is too low.', 'A user cancelled.', 'The process or function was shut down.'],
    remediation: [
      'Look for a time-out, a cancellation or a shutdown in the calling application at the same moment.',
      'Raise the client time-out above the longest generation you expect, or stream the answer.',
      'Leave deliberate cancellations as they are.',
    ],
    doNot: 'Do not retry calls that a user has cancelled: nobody waits for the answer, and it is still paid for.',
    retry: 'never',
    origin: 'client',
  },
  {
    id: 'waf_block',
    category: 'request',
    statuses: [403],
    title: 'Blocked by a firewall in front of the gateway',
    meaning: 'A web application firewall or edge network refused the call before it reached LLMGrid.',
    commonCauses: ['The source address has a bad reputation.', 'The body or the user agent matches a firewall rule.'],
    remediation: [
      'Note the time, the source address and the ray or request id on the block page.',
      'Ask whoever runs the edge to allow the caller or to exempt the rule.',
      'Check that calls leave from the address and with the user agent that you expect.',
    ],
    doNot: 'Do not retry in a loop: repeated blocked calls can lengthen the block.',
    retry: 'never',
    origin: 'edge',
  },
  {
    // An unknown cause has no triage of its own: where there is a status, the classifier derives category and retry
    // from it. What stands here is for a failure without one.
    id: 'unknown',
    category: 'request',
    statuses: [],
    title: 'Cause not recognised',
    meaning: 'The call failed, but nothing in the log tells why; it is counted and shown, and no cause is guessed.',
    commonCauses: [
      'The log holds too little: no status, no type and no message.',
      'The failure has a form not seen before.',
    ],
    remediation: [
      'Go by the status: correct the request on a 4xx, slow down on a 429, wait and retry on a 5xx.',
      'Log the status and the body of failed responses, so that the cause can be read.',
      'Report the shape, so that a row can be added to the catalogue.',
    ],
    doNot: null,
    retry: 'never',
    origin: 'unknown',
  },
] as const satisfies readonly Row[];

export type CauseId = (typeof DOCUMENTED)[number]['id'] | (typeof NOT_DOCUMENTED)[number]['id'];

/** The catalogue in the order of the page, then what is seen beside it; `unknown` comes last. */
export const CAUSES: readonly (Cause & { readonly id: CauseId })[] = [
  ...DOCUMENTED.map((row) => ({ ...row, documented: true, docUrl: DOC_URL })),
  ...NOT_DOCUMENTED.map((row) => ({ ...row, documented: false, docUrl: DOC_URL })),
];

const byId: ReadonlyMap<string, Cause> = new Map(CAUSES.map((cause) => [cause.id, cause]));

export const causeById = (id: string): Cause | undefined => byId.get(id);

export const isCauseId = (id: string): id is CauseId => byId.has(id);

/**
 * The triage of a failure, everywhere the same: its cause's; while the cause is not known, its status's. No status means that
 * no answer came, which is a matter of the connection.
 */
export function categoryOf(cause: string | null, status: number | null): Category {
  const known = cause === null || cause === 'unknown' ? undefined : causeById(cause);
  if (known) return known.category;
  if (status === null) return 'connection';
  if (status === 429) return 'throttle';
  return status >= 400 && status < 500 ? 'request' : 'transient';
}
