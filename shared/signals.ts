/**
 * How each cause is recognised, in order of precedence: the first row that matches wins, so the specific stands before the
 * general. Three strengths of evidence, tried one after the other over the whole table: an exact type or code of the error
 * body, then what the message says, then (`hints`) class names and types that gateways use for several causes.
 * What the status alone says comes last and stands in `BY_STATUS`. Every pattern is linear in the length of the text.
 */
import type { CauseId } from './causes.ts';

export interface Signal {
  readonly cause: CauseId;
  /** Types and codes that mean this cause and no other, lower case. */
  readonly types?: readonly string[];
  readonly text?: RegExp;
  /** Types, codes or class names that suggest it when nothing better is known, lower case. */
  readonly hints?: readonly string[];
  /** The row counts only under these statuses; `null` stands for a log that gives none. */
  readonly statuses?: readonly (number | null)[];
  /** The row counts only when a provider behind the gateway is the one that refused. */
  readonly provider?: true;
  /** Names a family of causes: what says more is asked first. */
  readonly general?: true;
}

export const SIGNALS: readonly Signal[] = [
  {
    cause: 'budget_exceeded',
    types: ['budget_exceeded', 'max_budget_exceeded'],
    text: /\bbudget (?:has been |was )?(?:exceeded|exhausted|reached)|ExceededBudget|ExceededTokenBudget|\bover (?:\w{1,10} )?budget|exceeded (?:\w{1,10} ){0,3}budget|crossed budget|Max budget limit reached|(?:spend|spending) limit (?:exceeded|reached)/i,
  },
  {
    cause: 'request_exceeds_limit',
    text: /Request too large for .{0,200}(?:tokens per min|TPM)|tokens must be reduced in order to/i,
  },
  {
    cause: 'rate_limit_requests',
    // A daily or per-minute quota metric names itself; it is a rate, whatever the sentence before it calls it.
    text: /requests per (?:min(?:ute)?|sec(?:ond)?|day|hour)|\b\w{0,40}RequestsPerMinute|(?<!\/ ?)\bRPM\b(?! ?\/)|Too many requests, please wait|\bRPD\b|requests rate limit|Limit type: requests|over available RPM|\bAPI calls ?\/ ?(?:minute|month)|trial key/i,
    statuses: [429, 400, 413, 503, 500, null],
  },
  {
    cause: 'rate_limit_tokens',
    text: /tokens per (?:min(?:ute)?|day|hour)|(?<!\/ ?)\bTPM\b(?! ?\/)|\bTPD\b|token rate limit|Too many tokens, please wait|Limit type: tokens|over available TPM|tokens per minute limit|token_quota_reached|input tokens per/i,
  },
  {
    cause: 'concurrency_limit',
    text: /max_parallel_requests|max parallel request|concurren(?:t|cy) (?:requests?|limit|connections?)|too many concurrent|parallel requests? limit|Limit type: max_parallel/i,
  },
  {
    cause: 'quota_exceeded',
    types: [
      'insufficient_quota',
      'credit_balance_exhausted',
      'organization_spend_limit_exceeded',
      'project_spend_limit_exceeded',
      'organization_usage_limit_exceeded',
      'billing_error',
      'insufficient_balance',
      'billing_not_active',
    ],
    text: /exceeded your (?:current|monthly|daily)? ?quota|insufficient[ _](?:quota|balance|credits?|funds)|credit balance is too low|requires more credits|out of credits|no credits|usage limit|hard limit has been reached|payment required|quota (?:has been )?(?:exceeded|exhausted)|exceeded .{0,40}\bquota\b|billing (?:is )?not active|insufficient account balance|Resource has been exhausted \(e\.g\. check quota\)/i,
  },
  {
    cause: 'provider_overloaded',
    types: ['overloaded_error', 'model_overloaded', 'engine_overloaded_error'],
    text: /\boverloaded\b|over capacity|out of capacity|high demand|capacity exceeded|at capacity|currently loading|Resource exhausted\. Please try again later|not enough capacity|server is busy|high load|overload/i,
  },
  {
    cause: 'context_length_exceeded',
    types: ['context_length_exceeded', 'contextwindowexceedederror', 'string_above_max_length'],
    text: /context[ _](?:length|window|limit)|maximum context|context size|exceeds? the maximum number of tokens|prompt is too long|prompt: length|input is too long|too many input tokens|string too long|longer than the model|input tokens exceed|reduce the length|\bmax_new_tokens\b.{0,40}must be|current length is \d|maximum input length|\binputs tokens\b|must have less than \d+ tokens|too many tokens(?!, please wait)/i,
  },
  {
    cause: 'content_policy',
    types: [
      'content_policy_violation',
      'content_filter',
      'responsibleaipolicyviolation',
      'contentpolicyviolationerror',
      'guardrailraisedexception',
      'blockedpiientityerror',
    ],
    text: /content[ _](?:policy|management|filter(?:ing)?|blocked)|safety system|moderation|guardrail|responsible ai|usage polic|blocked (?:pii )?entity|violates? litellm proxy rules|prompt injection|Violated .{0,60}polic|response was blocked|Blocked by Prompt Security|["']?filtered["']?: true|inappropriate content/i,
  },
  {
    cause: 'missing_auth_header',
    text: /No api key (?:passed|provided)|no API key|didn\\?'?t provide an API key|missing (?:the )?(?:authorization|authentication|bearer|api[ _-]?key|credentials)|(?:authorization|api[ _-]?key)[`'"]? (?:header )?(?:was|is) (?:missing|required|not set)|header of type `?authorization|api_key client option must be|\b\w{2,40}_API_KEY (?:environment variable )?(?:is |was )?(?:not set|missing|未設定|未设置)|\b\w{2,40}_API_KEY\b[^.\n]{0,40}(?:未設定|未设置|not set)|No API_KEY|Missing Authentication Token|Unable to locate credentials|API keys are not supported by this API|no credentials/i,
  },
  {
    cause: 'malformed_key',
    text: /Malformed API Key|expected to start with|Virtual Key expected|Invalid Authorization header format|invalid (?:api )?key format|must be in the format|not a valid bearer|Illegal header value/i,
  },
  {
    cause: 'provider_credentials',
    provider: true,
    types: ['invalid_api_key', 'authentication_error'],
    text: /Incorrect API key|invalid (?:x-)?api[ _-]?key|API key not valid|invalid api token|security token included in the request|authentication[ _]?(?:error|failed)|Access denied due to invalid subscription key|Unauthorized/i,
    hints: ['authenticationerror', 'litellm.authenticationerror'],
  },
  {
    cause: 'expired_or_revoked_key',
    types: ['expired_key', 'token_not_found_in_db', 'invalid_api_key', 'account_deactivated', 'api_key_invalid'],
    text: /Incorrect API key|invalid[ _](?:x-)?(?:api|proxy server)[ _-]?(?:key|token)|API[ _]key (?:not valid|is invalid|expired|not found)|Expired Key|key (?:has )?(?:been )?(?:expired|revoked|disabled|deleted)|\b(?:Key|Team=\S{1,60}) is blocked|Invalid credentials|invalid api token|Unable to find token|token (?:has )?expired|Token Expired|Invalid JWT|invalid (?:authentication|bearer|access) (?:token|credentials)|user not found|authentication fails|login fail|unauthorized: invalid/i,
  },
  {
    cause: 'environment_restriction',
    text: /\bIP address\b.{0,60}\b(?:not allowed|blocked)|Virtual Network|Firewall rules|unsupported_country|country, region|not available in your (?:country|region)|(?:country|region|location) (?:is )?not supported|allow ?list|environment restriction|security policy/i,
  },
  {
    cause: 'model_access_denied',
    types: [
      'key_model_access_denied',
      'team_model_access_denied',
      'user_model_access_denied',
      'org_model_access_denied',
      'project_model_access_denied',
    ],
    text: /not allowed to (?:access|call|use) (?:this )?model|can only access models|Invalid model for team|not have access to (?:the )?model(?!.{0,40}does not exist)|no access to (?:the )?model|Access denied to agent|do(?:es)? not have permission to (?:use|access) (?:the )?model|Allowed team models/i,
    statuses: [401, 403, 400, 500, null],
  },
  {
    cause: 'model_not_found',
    types: ['model_not_found', 'deploymentnotfound', 'model_not_available'],
    text: /Invalid model name|\bmodel\b.{0,120}(?:does not exist|do(?:es)?n'?t exist|not found|not exist|is not available|is invalid\b)|no such model|LLM Provider NOT provided|No endpoints found|is not found for API version|model identifier is invalid|unknown model|not a valid model|try pulling it|unsupported model|is not enabled for|decommissioned|deprecated model|Model not exist|API deployment for this resource does not exist/i,
  },
  {
    cause: 'resource_exists',
    types: ['resource_exists'],
    text: /already exists|already in (?:the )?team|duplicate (?:key|name|resource)/i,
  },
  {
    cause: 'concurrent_update',
    types: ['conflict_error', 'concurrent_update'],
    text: /being modified|concurrent(?:ly)? (?:update|modif)|modified by another|version conflict|edit conflict|conflicts? with (?:the current|another)/i,
  },
  {
    cause: 'tenant_policy',
    text: /(?:route|role|route=\S{1,80}) .{0,40}(?:not allowed|admin only)|not allowed to (?:access|call) this route|does not have permission|do not have permission|insufficient (?:authentication )?(?:scopes|role|permissions?)|not associated with the user|due to tags configuration|polic(?:y|ies) (?:blocks?|blocked|den(?:y|ies|ied)|does not allow|violation)|blocked by (?:tenant )?policy|not authorized to perform|tenant policy/i,
    statuses: [401, 403, 400, null],
  },
  {
    cause: 'waf_block',
    text: /Attention Required|Request blocked|(?:^|\| |message['"]?: ?['"])(?:403 )?Forbidden['"]?(?:$| \||\})|<title>.{0,80}(?:Cloudflare|Access denied|403 Forbidden)|error code: 10\d\d\b|cf-error|Incapsula|web application firewall/i,
  },
  {
    cause: 'payload_too_large',
    types: ['request_too_large', 'payload_too_large'],
    text: /(?:request|payload|body|file|image|entity|content)(?: (?:size|body|payload|entity|length))? (?:is )?(?:too large|exceeds)|Payload Too Large|size .{0,30}exceeds maximum|Maximum content size|too large for/i,
    statuses: [400, 413, 500, null],
  },
  {
    cause: 'maintenance',
    text: /\bmaintenance\b/i,
  },
  {
    cause: 'routing_error',
    types: ['no_accounts'],
    text: /No deployments available|no healthy (?:deployment|upstream)|healthy deployments|no auth(?:entication)? available|No available (?:accounts|channels?|providers?|backends?)|no available channel|all upstream|No connected db|DB not connected|no_db_connection|auth_provider_unavailable|routing (?:failed|error)|no route to (?:provider|model)|all (?:providers|fallbacks|models) failed/i,
  },
  {
    cause: 'client_disconnected',
    text: /client disconnected|client closed (?:the )?(?:request|connection)|request (?:was )?(?:aborted|cancelled) by (?:the )?(?:client|user)/i,
  },
  {
    cause: 'gateway_timeout',
    text: /gateway time-?out|Timeout passed=|Endpoint request timed out|524: A timeout|522: Connection timed out|error code: 52[24]\b|upstream request timeout|DeadlineExceeded: 504/i,
  },
  { cause: 'gateway_timeout', text: /tim(?:ed|ing)[ -]?out|timeout/i, statuses: [504, 522, 524] },
  {
    cause: 'stream_disconnected',
    text: /peer closed connection|incomplete chunked read|Premature close|MidStream|stream (?:was |has been )?(?:interrupted|closed|ended|cut)|\bterminated\b|STREAM_PREMATURE|IncompleteRead|response ended prematurely|unexpected (?:EOF|end of stream)/i,
  },
  {
    cause: 'client_timeout',
    text: /tim(?:ed|ing)[ -]?out|\btime-?out\b|timeout|ETIMEDOUT|ECONNABORTED|DeadlineExceeded|took too long|did not respond within/i,
    hints: ['apitimeouterror', 'timeout'],
  },
  {
    cause: 'provider_unstable',
    provider: true,
    text: /Connection error|Cannot connect|connection (?:refused|reset)/i,
    statuses: [500, 502, 503],
  },
  {
    cause: 'network_error',
    text: /Connection error|ECONNREFUSED|ECONNRESET|ENOTFOUND|EAI_AGAIN|EPIPE|getaddrinfo|socket hang up|fetch failed|Failed to fetch|Cannot connect|Could not connect|connect(?:ion)? (?:refused|reset|aborted|failed)|Max retries exceeded|NameResolution|Name or service not known|certificate|SSL|TLS|error sending request|network (?:error|is unreachable|failure)|other side closed|UND_ERR_SOCKET|Errno 11001|不知道这样的主机|no such host|No connection established/i,
    hints: ['apiconnectionerror', 'connecterror'],
    statuses: [null],
  },
  {
    cause: 'invalid_tool_schema',
    types: ['invalid_function_parameters', 'invalid_tool_schema'],
    text: /Invalid schema for (?:function|tool|response_format)|\btools?(?:\[\d|\.\d|', \d)|tool (?:definition|schema|function)s?\b.{0,60}(?:invalid|missing|required)|function_declarations|parse grammar|functions?\[\d|input_schema|function parameters|'tools'|"tools"/i,
  },
  {
    cause: 'invalid_message_format',
    statuses: [422],
    text: /messages?(?:\[\d|\.\d|', \d)|'messages'|"messages"|\brole\b|content structure|message format/i,
  },
  {
    cause: 'parameter_out_of_range',
    types: [
      'decimal_above_max_value',
      'decimal_below_min_value',
      'integer_above_max_value',
      'integer_below_min_value',
      'out_of_range',
      'less_than_equal',
      'greater_than_equal',
    ],
    text: /Expected a value (?:<|>|between)|out of range|(?:must|should) be (?:between|less than|greater than|at most|at least|<|>|in (?:the )?range|in \[|within)|above maximum|below minimum|is not in (?:the )?range|invalid temperature|only 1 is allowed|(?:top_p|temperature|max_tokens|n|presence_penalty)\b.{0,40}(?:between|range|at most|too large|supports at most)|not between/i,
  },
  {
    cause: 'invalid_messages',
    text: /\b(?:messages|input|contents)(?:\[\d|\.\d)|[`'"]?\bmessages[`'"]?.{0,100}(?:must|required|invalid|contain|missing|empty|array|expected|roles?)|Missing required parameter: 'messages|tool_use|tool_calls?\b|tool_call_id|conversation must|roles must alternate|function response parts|contents? (?:field|must|is required|cannot)|reasoning_content|at least one message|last message|thinking block|image_url|Could not process image|invalid image/i,
  },
  {
    cause: 'unsupported_parameter',
    types: ['unsupported_parameter', 'unsupported_value', 'unknown_parameter', 'unsupportedparamserror'],
    text: /Unsupported (?:parameter|value|param)|do(?:es)? ?n[o']t support|UnsupportedParams|Unknown (?:parameter|name|field)|Unrecognized (?:request )?(?:argument|parameter|key)|Extra inputs? (?:are|is)? ?not permitted|extra_forbidden|not supported|type is unavailable|drop_params|unexpected keyword argument|not (?:allowed|permitted) (?:for|with|by) this model/i,
  },
  {
    cause: 'invalid_json',
    text: /could not parse the JSON|invalid JSON|JSON (?:body|parse|decode)|JSONDecodeError|Expecting value|Expecting property name|Unexpected token|unexpected (?:character|end of JSON)|line \d{1,9},? column \d{1,9}|request_body|malformed (?:body|json|request)/i,
    statuses: [400, 422, null],
  },
  {
    cause: 'wrong_path',
    text: /Invalid URL|404 page not found|v1\/completions endpoint|not a chat model|not supported in the v1|Unknown request URL|Cannot (?:POST|GET) \/|(?:^|[\s|{"'])(?:detail["']?: ?["']?)Not Found\b|(?:^|\| )Not Found(?:$| \|)|no route matched|\bendpoint\b.{0,40}(?:not found|does not exist)|method not allowed|<title>404/i,
    statuses: [404, 405, 400, null],
  },
  {
    cause: 'invalid_parameter',
    types: ['invalid_type', 'invalid_value', 'missing_required_parameter', 'invalid_parameter'],
    text: /Invalid (?:type|value|parameter|argument|'\w)|Missing required (?:parameter|field)|is (?:a )?required (?:param|parameter|field|property)|required (?:param|parameter|field)|Field required|validation errors?|is not of type|wrong type|must be (?:a |an )?(?:string|number|integer|boolean|array|object|valid)|unexpected value/i,
    statuses: [400, 401, 422, 500, null],
  },
  {
    cause: 'rate_limit_unspecified',
    general: true,
    types: ['rate_limit_exceeded', 'rate_limit_error', 'throttling_error', 'resource_exhausted'],
    text: /rate[- _]?limit|too many requests|throttl|RESOURCE_EXHAUSTED|Resource (?:has been )?exhausted|provisioned throughput|API limit exceeded|request limit/i,
    hints: ['ratelimiterror', 'throttlingexception', 'toomanyrequestsexception'],
  },
  {
    cause: 'provider_unstable',
    general: true,
    text: /The server had an error|Upstream (?:request failed|error|service)|Endpoint is unavailable|bad gateway|unknown error|model(?:_| )?error(?:exception)?/i,
    types: ['upstream_error', 'bad_gateway', 'modelerrorexception'],
    hints: ['badgatewayerror', 'upstream_error'],
  },
  {
    cause: 'provider_unstable',
    general: true,
    provider: true,
    text: /internal server error|api_error/i,
    statuses: [500, 502],
  },
  {
    cause: 'service_unavailable_unspecified',
    general: true,
    text: /service (?:is )?(?:temporarily |currently )?unavailable|temporarily unavailable|ServiceUnavailable|unable to process your request|isn't currently available/i,
    types: ['service_unavailable', 'serviceunavailableexception', 'unavailable'],
  },
  {
    cause: 'internal_error',
    general: true,
    text: /internal (?:server )?error|Background loop|engine (?:loop )?(?:has |is )?(?:already )?dea?d|unmarshal|Failed to (?:generate|validate) JSON|allocate memory|out of memory|failed_generation/i,
    types: ['json_validate_failed'],
    hints: [
      'internal_server_error',
      'server_error',
      'api_error',
      'internal',
      'internalservererror',
      'internalserverexception',
      'bad_response_status_code',
    ],
    statuses: [500, 400, 502, 520, null],
  },
];

/** What a status means when nothing else is known. A bare 400, 401, 403, 404, 409 or 422 has several causes: unknown. */
export const BY_STATUS: ReadonlyMap<number, CauseId> = new Map<number, CauseId>([
  [402, 'quota_exceeded'],
  [405, 'wrong_path'],
  [408, 'client_timeout'],
  [413, 'payload_too_large'],
  [424, 'provider_unstable'],
  [429, 'rate_limit_unspecified'],
  [498, 'provider_overloaded'],
  [499, 'client_disconnected'],
  [500, 'internal_error'],
  [502, 'provider_unstable'],
  [503, 'service_unavailable_unspecified'],
  [504, 'gateway_timeout'],
  [520, 'provider_unstable'],
  [521, 'provider_unstable'],
  [522, 'gateway_timeout'],
  [523, 'provider_unstable'],
  [524, 'gateway_timeout'],
  [525, 'network_error'],
  [526, 'network_error'],
  [529, 'provider_overloaded'],
]);
