/**
 * How each cause is recognised, in order of precedence: the first row that matches wins, so the specific stands before the
 * general. Three strengths of evidence, tried one after the other over the whole table: an exact type or code of the error
 * body, then what the message says, then (`hints`) class names and types that gateways use for several causes.
 * What the status alone says comes last and stands in `BY_STATUS`. Every pattern is linear in the length of the text.
 */
import type { CauseId } from './causes.ts';
import { type Screened, screened } from './screen.ts';

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
    text: /\bbudget (?:has been |was |is )?(?:exceeded|exhausted|reached)|ExceededBudget|ExceededTokenBudget|\bover (?:\w{1,10} )?budget|exceed(?:s|ed)? (?:\w{1,10} ){0,3}budget|crossed budget|Max budget limit reached|(?:spend|spending) limit (?:has been )?(?:exceeded|reached)|spend(?:ing)? cap\b|max_budget_per_session|budget[_ ]blocked/i,
  },
  {
    cause: 'request_exceeds_limit',
    types: ['requested_above_limit'],
    text: /Request too large for .{0,200}(?:tokens per min|TPM)|tokens must be reduced in order to|max(?:imum)? \d{1,12} tokens per request/i,
  },
  {
    // Google names the metric that ran out: a day's quota and a limit of nothing do not come back within the minute.
    cause: 'quota_exceeded',
    text: /PerDay(?:Per|-|\b)|free_tier\w{0,40}, limit: 0\b|\blimit: 0, model:/,
  },
  {
    cause: 'rate_limit_tokens',
    text: /tokens per (?:min(?:ute)?|day|hour)|(?<!\/ ?|current )\bTPM\b(?! ?\/| limit: )|\bTPD\b|(?:exceeded|reached|over|hit)\b.{0,40}\btoken rate limit|\btokens? rate limit|Too many tokens, please wait|Too many tokens per day|Limit type: tokens|over available TPM|token_quota_reached|input tokens per|output tokens per|request tokens has exceeded|Tokens?Per(?:Model)?PerMinute|ByTokens\b|input_token_count|_tokens?_per_\w/i,
  },
  {
    // A daily or per-minute quota metric names itself; it is a rate, whatever the sentence before it calls it.
    cause: 'rate_limit_requests',
    text: /request rate (?:increased|is too)|requests? per (?:min(?:ute)?|sec(?:ond)?|day|hour)|RequestsPerMinute|(?<!\/ ?|current )\bRPM\b(?! ?\/| limit: )|Too many requests, please wait|\bRPD\b|\bQPS\b|requests rate limit|\bcall rate limit|Limit type: requests|over available RPM|\bAPI calls ?\/ ?(?:minute|month)|trial key|number of requests has exceeded|free-models-per-|UserByModelBy(?:Minute|Day)\b|_requests_per_\w|max (?:organization )?RPM|请求过于频繁|请求频率|调用频率/i,
    statuses: [429, 400, 403, 413, 503, 500, null],
  },
  {
    cause: 'concurrency_limit',
    types: ['concurrent_requests', 'concurrency_limit_exceeded', 'max_parallel_requests'],
    text: /max_parallel_requests(?!: \d)|(?<!\/ )max parallel request|no permits available|concurren(?:t|cy)(?:\b|_).{0,20}(?:requests?|limit|connections?|calls?|exceeded)|too many concurrent|(?<!\/ max )parallel requests? limit|Limit type: max_parallel|ConcurrentRequests|organization concurrency|max organization concurrency|too many parallel|并发/i,
    statuses: [429, 400, 403, 503, null],
  },
  {
    cause: 'quota_exceeded',
    types: [
      'insufficient_quota',
      'insufficient_user_quota',
      'quota_exceeded',
      'token_quota_exceeded',
      'exceeded_current_quota_error',
      'credit_balance_exhausted',
      'organization_spend_limit_exceeded',
      'project_spend_limit_exceeded',
      'organization_usage_limit_exceeded',
      'billing_error',
      'billing_hard_limit_reached',
      'billing_not_active',
      'insufficient_balance',
      'insufficient_credits',
      'insufficient_funds',
      'arrearage',
      'allocationquota.freetieronly',
      'payment_required',
      'servicequotaexceededexception',
    ],
    text: /exceeded your (?:\w{1,20} )?(?:current|monthly|daily|assigned)? ?quota|insufficient[ _](?:account )?(?:quota|balance|credits?|funds)|credit balance is too low|(?:quota|balance) is (?:not enough|insufficient)|n.t have any credits|(?:requires (?:more|at least .{0,20}) credits|credits are required)|(?:out of|no|not enough|run out of|ran out of|all available|remaining|low on) (?:\w{1,12} )?credits(?! were charged)|credits? (?:\w{1,10} )?(?:has |have |are |is |been ){0,4}(?:depleted|exhausted|used up|expired)|(?:usage|billing|hard|key|spending|spend|monthly|weekly|daily|plan|session) limits? (?:has been |have been |was |is )?(?:reached|exceeded|hit)|reached (?:your|its|the) (?:\w{1,20} ){0,3}(?:usage|spending|spend|billing|monthly) limits?|(?<!not your )usage limit|exhausted your capacity|quota will reset|plan and billing|out of (?:extra )?usage|hard limit has been reached|payment required|quota (?:limit |has been |is |was )?(?:exceeded|exhausted|depleted|insufficient)|exceeded .{0,40}\bquota\b|billing (?:is )?not active|billing details on our website|good standing|free tier .{0,30}exhausted|free quota tier|(?:余额|额度|资源包)(?:不足|已?用尽|已?耗尽)|额度.{0,8}(?:不足|用尽|耗尽|超)|欠费|残高不足|잔액|\b(?:quota|cuota|cota|créditos?)\b.{0,24}(?:excedid|esgotad|agotad|dépassé|überschritten|insuficiente)/i,
  },
  // What is unpaid is refused by this status, whichever limit the money sets.
  { cause: 'quota_exceeded', text: /\bcredits?\b|limit exceeded/i, statuses: [402] },
  {
    cause: 'provider_overloaded',
    types: [
      'overloaded_error',
      'model_overloaded',
      'engine_overloaded_error',
      'engine_overloaded',
      'server_overloaded',
      'nocapacity',
      'no_capacity',
      'modelnotreadyexception',
    ],
    text: /\boverloaded\b|over capacity|out of capacity|high demand|capacity exceeded|(?:at|no|insufficient|lacks?|not enough) capacity|currently loading|is (?:still )?loading|not enough capacity|(?:server|service|system|serving|model) (?:is )?(?:too |currently |very )?busy|(?:workers|servers|instances|slots) (?:are )?(?:all )?busy|maximum pending requests|llm busy|no slots available|model too busy|too many connections, please wait|provider_capacity|high (?:load|traffic)|heavy (?:load|traffic)|overload|peak load|not ready for (?:inference|invocation)|负载已?饱和|服务.{0,4}繁忙|系统繁忙|过载|混み合って/i,
  },
  {
    // Bounds of one number, though some providers mention the context window beside them.
    cause: 'parameter_out_of_range',
    text: /max_(?:completion_|output_)?tokens[`'"]?(?: value)?(?:: \d{1,12} >|.{0,40}(?:must be (?:less|greater|at (?:least|most)|between|in |positive)|valid range|supports at most|maximum allowed))|supports at most \d|maximum allowed number of output tokens|Invalid '(?:user|metadata|name|tools?|functions?|stop|suffix|safety_identifier|prompt_cache_key|id)\S{0,60}': string too long/i,
  },
  {
    cause: 'context_length_exceeded',
    types: [
      'context_length_exceeded',
      'contextwindowexceedederror',
      'model_context_window_exceeded',
      'model_max_prompt_tokens_exceeded',
    ],
    text: /prompt.{0,60}\bmax_(?:seq|model)_len|must have less than \d{1,9} tokens|Input is too long|tokens\) is too large|(?:cannot|can.?t|must not|may not) exceed \d{1,9} tokens|n_keep \(\d|available context size|loaded with (?:a )?context length|context[ _](?:length|window|limit)|maximum context|context size|exceeds? (?:the )?(?:model'?s? )?(?:maximum|max) (?:number of (?:input )?tokens|input|length|context|token)|prompt is too long|prompt: length|sum of prompt length|prompt (?:too long|contains too many)|(?:input|request|text|messages?) (?:is |are )?too long|too many input tokens|(?:string|input|message)\S{0,30} too long|longer than the (?:model|maximum)|input tokens exceed|prompt token count\b.{0,30}exceed|context window exceeded|max_prompt_tokens_exceeded|reduce the length|\bmax_new_tokens\b.{0,40}must be|current length is \d|maximum input length|range of input length|\binputs tokens\b|too many tokens(?!, please wait| per )|tokens? limit (?:is |was )?exceed|exceed(?:s|ed)? (?:the )?(?:\w{1,12} )?token limit|上下文(?:长度|窗口)|最大长度/i,
  },
  // The page of an edge says who refused, whatever else stands on it.
  { cause: 'waf_block', text: /cf-error|cf_chl|Attention Required/, statuses: [403, 429, 503, null] },
  {
    // A guardrail that may not be changed is a matter of permission, not of content.
    cause: 'tenant_policy',
    text: /not? (?:have )?permission to (?:modify|create|update|delete|view|manage|add|list)|only (?:proxy )?admins? (?:can|may|are)/i,
    statuses: [401, 403, 400, null],
  },
  {
    cause: 'content_policy',
    types: [
      'content_policy_violation',
      'content_filter',
      'content_filter_error',
      'responsibleaipolicyviolation',
      'contentpolicyviolationerror',
      'guardrailraisedexception',
      'guardrail_violation',
      'blockedpiientityerror',
      'datainspectionfailed',
      'data_inspection_failed',
      'invalid_prompt',
      'moderation_blocked',
      'stopcandidateexception',
      'blockedpromptexception',
      'prohibited_content',
    ],
    text: /content[ _](?:policy|management|filter(?:ing|ed)?|blocked|moderation|exists risk|safety)|safety (?:system|setting|filter|check|reason|guideline)|\bmoderation\b|guardrail|responsible ai|usage (?:polic|guideline)|acceptable use|blocked (?:pii )?entity|violates? litellm proxy rules|prompt (?:injection|was flagged|has been blocked|was blocked|blocked)|jailbreak|\bwas flagged\b|Violated .{0,60}polic|(?:response|output|content|candidate|answer) (?:was |is |has been )?blocked(?: (?:by|due|because)|\.)|Blocked by Prompt Security|["']?filtered["']?: true|(?:inappropriate|harmful|unsafe|sensitive|disallowed|prohibited) content|finish_?reason\b.{1,8}\b(?:SAFETY|RECITATION|PROHIBITED_CONTENT|BLOCKLIST|SPII)|block_?reason\W{1,6}(?:SAFETY|OTHER|PROHIBITED_CONTENT|BLOCKLIST)|(?:considered|deemed|classified as|detected as) (?:harmful|unsafe|inappropriate|toxic)|機密情報|敏感(?:内容|信息|词)|不安全|内容(?:审核|安全|违规)|违规/i,
  },
  { cause: 'provider_credentials', text: /\bno (?:valid )?credentials? for\b/i },
  {
    cause: 'missing_auth_header',
    types: ['missing_api_key', 'no_api_key', 'missing_authorization', 'api_key_required'],
    text: /No api key (?:passed|provided|found|set)|no API key|API key (?:is )?required|didn\\?'?t provide an API key|\bmissing (?:\S{1,20} ){0,4}(?:authorization|authentication|bearer|api[ _-]?key|credentials|token\b)|(?:authorization|api[ _-]?key|auth token)[`'"]? (?:header )?(?:was|is) (?:missing|required|not set|not provided|empty|not configured)|(?:provide|supply|set|configure|enter) (?:a |an |your |the )?(?:valid )?(?:\w{1,12} )?api[ _]?key|header of type `?authorization|x-api-key header is required|api_?key client option must be|must provide an API key|\b\w{2,40}_(?:API_)?(?:KEY|TOKEN) (?:environment variable )?(?:is |was |has )?(?:not (?:set|found|configured|defined)|missing|undefined|empty|未設定|未设置)|\b\w{2,40}_API_KEY\b[^.\n]{0,40}(?:未設定|未设置|未配置|not set|not found|missing)|No API_KEY|Missing Authentication Token|unregistered callers|Did not find \w{2,40}_api_key|default credentials were not found|Unable to locate (?:\w{1,10} )?credentials|Could not (?:load|find|resolve) (?:\w{1,10} ){0,3}(?:credentials|authentication method)|API keys are not supported by this API|no credentials|no (?:\w{1,12} )?auth(?:entication)? (?:header|credentials|token)|未(?:提供|设置|配置|設定).{0,12}(?:key|密钥|令牌)/i,
    statuses: [401, 403, 400, 500, null],
  },
  // Nothing follows the word: the key was never set.
  { cause: 'missing_auth_header', text: /Illegal header value b['"]Bearer ?['"]/ },
  { cause: 'missing_auth_header', text: /_API_KEY is not (?:configured|set)/, statuses: [502, 503] },
  {
    // A key that is not found before there was an answer was never set; in an answer, it is one nobody knows.
    cause: 'missing_auth_header',
    text: /(?:api[ _]?key|credentials) (?:is |was )?(?:not (?:found|set|configured|provided)|missing)|키가? ?없/i,
    statuses: [null],
  },
  { cause: 'expired_or_revoked_key', text: /\binvalid (?:token|key)\b/i, statuses: [401, 403] },
  {
    cause: 'expired_or_revoked_key',
    text: /\b(?:invalid|expired|unknown|wrong) (?:\w{1,12} ){0,3}(?:token|key|user|credentials?)\b|\btoken is not\b/i,
    statuses: [401],
  },
  {
    cause: 'malformed_key',
    text: /Malformed API Key|expected to start with|Virtual Key expected|Invalid Authorization header|invalid (?:api )?key format|must be in the format|not a valid bearer|Illegal header value|malformed (?:authorization|token|jwt)|invalid header value|not a legal (?:HTTP )?header|(?:invalid|illegal) (?:character|value)s?\b.{0,20}\bheader|\bheader\b.{0,30}\b(?:invalid|illegal) (?:character|value)/i,
    statuses: [401, 400, 403, null],
  },
  {
    cause: 'environment_restriction',
    types: ['unsupported_country_region_territory', 'ip_not_authorized', 'ip_not_allowed'],
    text: /\bIP (?:address )?.{0,60}\b(?:not (?:allowed|authorized|whitelisted|permitted)|blocked|denied)|Virtual Network|Firewall rules|private endpoint|public (?:network )?access is disabled|unsupported_country|country, region|not available in your (?:country|region|location)|(?:country|region|location|territory) (?:is )?not supported|location is not supported|unsupported (?:countr|region|location|territor)|API_KEY_(?:IP_ADDRESS|HTTP_REFERRER)_BLOCKED|allow ?list|environment restriction|check your network settings|security policy|ip_not_authorized|\bRequest not allowed\b/i,
  },
  {
    cause: 'provider_credentials',
    provider: true,
    types: ['invalid_api_key', 'authentication_error', 'api_key_invalid'],
    text: /Incorrect API key|invalid (?:x-)?api[ _-]?key|API key not valid|invalid api token|security token included in the request|authentication[ _]?(?:error|failed)|Access denied due to invalid subscription key|Unauthorized|UnrecognizedClientException|ExpiredToken|InvalidSignature|signature (?:does not match|expired)/i,
    hints: ['authenticationerror', 'litellm.authenticationerror'],
  },
  {
    cause: 'expired_or_revoked_key',
    types: [
      'expired_key',
      'token_not_found_in_db',
      'invalid_api_key',
      'account_deactivated',
      'api_key_invalid',
      'invalid_token',
      'expired_token',
      'expiredtokenexception',
      'unrecognizedclientexception',
      'invalidsignatureexception',
    ],
    text: /Incorrect API key|invalid[ _](?:\w{1,12}[ _])?(?:x-)?(?:api|proxy server|access|auth)[ _-]?(?:key|token)|(?:API|access|secret|subscription)[ _]key\b.{0,40}?(?:not valid|is invalid|expired|not found|revoked|disabled|deleted|leaked|incorrect|does not exist|inactive|deactivated)|invalid subscription key|Expired Key|key (?:has |is )?(?:been )?(?:expired|revoked|disabled|deleted)|\b(?:Key|Team=\S{1,60}) is blocked|Invalid credentials|invalid api token|Unable to find token|token .{0,30}\b(?:has expired|is expired|expired|is invalid|revoked)|Token Expired|expired token|Invalid JWT|jwt expired|invalid (?:authentication|bearer|access|auth) ?(?:token|credentials|header)?|user not found|auth credentials found|authentication (?:fails|failed|required|error(?!, ))|could not be authenticated|login fail|unauthorized: invalid|security token included|UnrecognizedClientException|ExpiredToken|account .{0,20}(?:deactivated|disabled|suspended)|Bad credentials|401 Client Error: Unauthorized|令牌.{0,8}(?:无效|过期|不可用|失败)|无效的(?:令牌|API|密钥|身份)|密钥.{0,6}(?:无效|错误|过期)/i,
    statuses: [401, 403, 400, 500, null],
  },
  {
    cause: 'model_access_denied',
    types: [
      'key_model_access_denied',
      'team_model_access_denied',
      'user_model_access_denied',
      'org_model_access_denied',
      'project_model_access_denied',
      'model_access_denied',
      'modelnotopen',
    ],
    text: /not allowed to (?:access|call|use) (?:\w{1,20} ){0,2}model|can only access models|Invalid model for team|n.?o?t have access to (?:the |this )?model(?!.{0,80}does not exist)|no access to (?:the |this )?model|access to (?:the |this )?model\b.{0,60}(?:denied|not (?:granted|allowed))|must be verified to (?:use|stream) th(?:e|is) model|model access (?:is |was )?denied|requires a (?:\w{1,12} )?subscription|complete organization verification|not activated the model|Access denied to agent|not (?:have )?permission to (?:use|access) (?:the |this )?model|Allowed team models|not authorized to (?:access|use|invoke|call) (?:the |this )?model|use case details have not been|not authorized to (?:invoke|perform: bedrock:(?:Invoke|Converse))(?!.{0,300}(?:explicit deny|service control))|model\b.{0,60}not (?:allowed|permitted|available) (?:for|on|in|under|with) (?:this|your|the) (?:key|team|plan|project|tier|organization|account|subscription)/i,
    statuses: [401, 403, 400, 404, 500, null],
  },
  {
    // Before the models: "not a chat model" speaks of the path, and of parameters only in passing.
    cause: 'wrong_path',
    types: ['unknown_url', 'unsupported_api_for_model'],
    text: /Invalid URL|404 page not found|v1\/(?:chat\/)?completions endpoint|not a chat model|not supported in the v1|Unknown request URL|Cannot (?:POST|GET) \/|(?:^|[\s|{"'])(?:detail["']?: ?["']?)Not Found\b|(?:^|\n)(?:404 )?Not Found(?:$|\n|\. )|\bResource not found\b|unexpected endpoint or method|no route (?:matched|found)|route not found|requested URL .{0,80}(?:not found|could not be)|\bendpoint\b.{0,40}(?:not found|does not exist)|method not allowed|<title>404|(?:please |double )check (?:the|your) url|No handler found|Unknown path|only supported in v1\/responses/i,
    statuses: [404, 405, 400, null],
  },
  {
    cause: 'model_not_found',
    types: [
      'model_not_found',
      'deploymentnotfound',
      'model_not_available',
      'model_decommissioned',
      'invalid_model',
      'unknown_model',
      'unavailable_model',
      'model_not_exist',
      'modelnotfound',
      'unsupported_model',
    ],
    text: /Invalid model\b|\bmodel\b.{0,140}(?:does not exist|do(?:es)? ?n.?t exist|(?:was |is |were )?not (?:be )?found|not exist|(?:is )?not (?:currently )?available|is unavailable|is invalid\b|no longer (?:available|supported)|(?:isn.?t|is not|not) (?:mapped|configured|supported|registered|recogni[sz]ed|enabled|deployed|loaded|valid)|not in use|decommissioned|deprecated|retired|no (?:price|provider|route)|marked by provider as legacy)|no such model|unavailable model|\bmodels\/[\w.:-]{2,80} is not found|LLM Provider NOT provided|No endpoints found|no allowed providers|is not found for API version|unknown provider for model|\/models\/[\w.-]{2,80}:\w{4,40}: \[404|supported by any provider|model identifier is invalid|on-demand throughput isn.?t supported|unknown model|not a valid model|try pulling it|unsupported model|decommissioned|deprecated model|Model not exist|API deployment for this resource does not exist|deployment\b.{0,60}(?:does not exist|not found)|(?:^|\n|['"])model: [\w.:@/-]{2,100}(?=$|\n|['"])|模型.{0,30}(?:不存在|不支持|未找到|无效)|不支持的模型|モデルが(?:見つかり|存在し)/i,
    hints: ['litellm.notfounderror'],
    statuses: [400, 401, 403, 404, 410, 422, 500, null],
  },
  {
    cause: 'resource_exists',
    types: ['resource_exists', 'already_exists'],
    text: /already exists|already in (?:the )?team|duplicate (?:key|name|resource)|ALREADY_EXISTS/i,
    statuses: [400, 409, 500, null],
  },
  {
    cause: 'concurrent_update',
    types: ['conflict_error', 'concurrent_update'],
    text: /being modified|concurrent(?:ly)? (?:update|modif)|modified by another|version conflict|edit conflict|conflicts? with (?:the current|another)|already has an active run|while a run \S|(?:update|change|edit) in progress/i,
    statuses: [400, 409, null],
  },
  {
    cause: 'concurrent_update',
    text: /\bis busy\b|in progress|\blocked\b|already (?:running|processing|active)|another (?:request|run|operation|process)/i,
    statuses: [409],
  },
  // A server of models whose own process died, whatever it died of; a model that did not write what was asked of it.
  {
    cause: 'internal_error',
    text: /llama(?:-server| runner) process has terminated|model did not (?:call|return|produce|generate) a/i,
  },
  // What a server's own code could not validate, where a refusal of ours would be a 400.
  { cause: 'internal_error', text: /\d validation errors? for \w/, statuses: [500] },
  {
    cause: 'tenant_policy',
    types: ['insufficient_permissions', 'request_forbidden', 'access_terminated_error'],
    hints: ['permission_error', 'permission_denied', 'accessdeniedexception'],
    text: /(?:route|role|route=\S{1,80}) .{0,40}(?:not allowed|admin only)|not allowed to (?:access|call) this route|(?:does|do|did) ?n.?o?t have (?:the )?(?:\w{1,12} )?(?:permission|access to)|\bPermission\b.{0,80}\bdenied|caller does not have permission|insufficient (?:authentication )?(?:scopes|role|permissions?|privileges)|missing scopes|not associated with the user|due to tags configuration|polic(?:y|ies) (?:blocks?|blocked|den(?:y|ies|ied)|does not allow|violation)|blocked by (?:tenant )?policy|data policy|not authorized to perform|identity-based policy|explicit deny|tenant policy|(?:has not been used in project|it is disabled)|organization has (?:been )?disabled|API_KEY_SERVICE_BLOCKED|\boperation not allowed\b|only authorized for use with|Requests to this API .{0,200}are blocked/i,
    statuses: [401, 403, 400, 404, null],
  },
  { cause: 'tenant_policy', text: /\bnot (?:allowed|permitted)\b/i, statuses: [403], general: true },
  {
    cause: 'waf_block',
    text: /Attention Required|Just a moment|you have been blocked|enable cookies|request (?:was )?blocked|(?:^|\n|message['"]?: ?['"])(?:403 )?Forbidden['"]?(?:$|\n|\})|<title>.{0,80}(?:Cloudflare|Access denied|403 Forbidden|Just a moment)|error code: 10(?!15)\d\d\b|cf-error|cf_chl|Incapsula|Imperva|Akamai|web application firewall|unusual traffic|bot detection/i,
    statuses: [403, 401, 405, 406, 429, 503, null],
  },
  // An API answers in JSON; who forbids with a page stands before it.
  { cause: 'waf_block', text: /<(?:!doctype )?html/i, statuses: [403] },
  {
    cause: 'payload_too_large',
    types: ['request_too_large', 'payload_too_large', 'request_entity_too_large'],
    text: /request body size \d{1,12} exceeded|(?:request|payload|body|file|image|entity|content)(?: (?:size|body|payload|entity|length|payload size))? (?:is )?(?:too large|exceeds? (?!.{0,30}(?:token|context)))|Payload Too Large|size .{0,30}exceeds maximum|Maximum content size|too large for/i,
    statuses: [400, 413, 422, 500, null],
  },
  {
    cause: 'maintenance',
    types: ['maintenance'],
    text: /\bmaintenance\b|维护中|メンテナンス/i,
  },
  {
    cause: 'routing_error',
    types: ['no_accounts', 'no_available_channel', 'no_healthy_account'],
    text: /No deployments available|No models available|no[ _]healthy[ _](?:deployment|upstream|endpoint)|no live upstreams|healthy deployments|no auth(?:entication)? available|No available (?:\w{1,12} )?(?:accounts?|channels?|providers?|backends?|upstreams?|workers?|servers?|instances?)|all (?:available )?upstream|No connected db|DB not connected|no_db_connection|auth_provider_unavailable|routing (?:failed|error)|no route to (?:provider|model)|all (?:\d{1,4} )?(?:providers|provider mappings|fallbacks|models|keys|channels|backends|accounts) (?:have )?(?:failed|exhausted|are (?:temporarily )?unavailable)|Error doing the fallback|无可用渠道/i,
  },
  {
    cause: 'client_disconnected',
    text: /client (?:has )?disconnected|disconnected from the client|client clos(?:ed|ing) (?:the )?(?:request|connection)|context canceled|request (?:was )?(?:aborted|cancelled|canceled) by (?:the )?(?:client|user)|Client Closed Request|user aborted/i,
  },
  // The whole message of an exception, whatever it broke.
  {
    cause: 'client_timeout',
    text: /(?:^|\n|Exception: )(?:(?:read|connect|call|socket) )?(?:timed out|timeout)\.?(?:$|\n)/i,
    statuses: [null, 200],
  },
  // The gateway's SDK inside the application, where no gateway answered.
  { cause: 'client_timeout', text: /Timeout passed=/, statuses: [null] },
  {
    cause: 'gateway_timeout',
    types: ['modeltimeoutexception'],
    text: /gateway time-?out|Timeout passed=|Endpoint request timed out|524: A timeout|522: Connection timed out|error code: 52[24]\b|upstream (?:request |server )?(?:timeout|timed out)|timed out while reading (?:response|upstream)|DeadlineExceeded: 504|upstream service timed/i,
  },
  { cause: 'gateway_timeout', text: /tim(?:ed|ing)[ -]?out|timeout|deadline/i, statuses: [504, 522, 524] },
  {
    cause: 'network_error',
    text: /failed to connect to all addresses|error sending request for url/i,
  },
  {
    cause: 'stream_disconnected',
    statuses: [null, 200, 500, 502, 503, 504, 520],
    text: /peer closed connection|stream idle timeout|incomplete chunked read|Premature close|MidStream|stream (?:was |has been |is )?(?:interrupted|closed|ended|cut|disconnected(?! before completion: (?!stream|an error occurred|Transport error))|aborted|broken)|TypeError: terminated|(?:stream|connection) terminated|(?:^|\n|: )terminated(?:$|\n)|prematurely closed|STREAM_PREMATURE|IncompleteRead|response ended prematurely|unexpected (?:EOF|end of (?:stream|file))|payload is not completed|error (?:in|during|while) (?:the )?stream|error reading a body from connection|connection (?:was )?(?:lost|closed|broken|dropped|interrupted) (?:while|during|mid|before)|InvalidChunkLength|ChunkedEncodingError|ClientPayloadError|stream ended without|TransferEncodingError|INTERNAL_ERROR; received from peer|stream error: stream ID/i,
  },
  {
    cause: 'client_timeout',
    text: /tim(?:ed|ing)[ -]?out|\btime-?out\b|timeout|ETIMEDOUT|ECONNABORTED|DeadlineExceeded|deadline exceeded|took too long|did not respond within|operation was aborted|请求超时|超时|タイムアウト|시간 ?초과|Zeitüberschreitung|tiempo de espera|délai .{0,20}dépassé|tempo limite|время ожидания/i,
    hints: ['apitimeouterror', 'timeout', 'apiconnectiontimeouterror', 'readtimeout', 'timeouterror'],
    statuses: [null, 200, 408, 499, 500, 502, 503],
  },
  {
    cause: 'provider_unstable',
    provider: true,
    text: /Connection error|Cannot connect(?! to host)|connection (?:refused|reset)/i,
    statuses: [500, 502, 503],
  },
  {
    cause: 'network_error',
    text: /(?<!API)Connection ?error|ECONNREFUSED|ECONNRESET|ENOTFOUND|EAI_AGAIN|EPIPE|EHOSTUNREACH|ENETUNREACH|getaddrinfo|socket hang up|fetch failed|Failed to fetch\b(?! \w)|(?:Cannot|Could not|Couldn.?t|Can.?t|Failed to|Unable to) (?:connect|reach|resolve|establish)|connect(?:ion)? (?:was )?(?:refused|reset|aborted|failed|closed)|connection attempts failed|Max retries exceeded|NameResolution|Name or service not known|Temporary failure in name resolution|nodename nor servname|UnknownHost|certificate|\bSSL\b|SSL:|\bTLS\b|CERTIFICATE_VERIFY|error sending request|": EOF\b|network (?:error|is unreachable|failure|connection)|other side closed|UND_ERR_SOCKET|Errno -?\d|RemoteProtocolError|Server disconnected|ServiceUnavailable: 503 failed to connect|proxy error|ProxyError|不知道这样的主机|no such host|known host|No connection (?:established|could be made)|broken pipe|dial tcp|EOF occurred|(?:连接|网络)(?:失败|错误|异常|被拒绝|中断)|无法连接|接続(?:エラー|に失敗)|연결 (?:오류|실패)|erro de conexão|error de conexión|Verbindungsfehler/i,
    hints: ['apiconnectionerror', 'connecterror', 'connectionerror', 'connecttimeout'],
    statuses: [null],
  },
  {
    // Which connection it was that a server could not make: the words of its own client.
    cause: 'network_error',
    text: /dial tcp|no such host|getaddrinfo|nodename nor servname|Cannot connect to host|connection attempts failed|fetch failed|TLS handshake/i,
    statuses: [500, 502, 503],
  },
  { cause: 'unsupported_parameter', text: /unsupported_param/i, statuses: [400, 422] },
  {
    cause: 'invalid_parameter',
    text: /Invalid value for '?tool_choice|tool_choice requires|\bparam=tool_choice\b/i,
    statuses: [400, 422, null],
  },
  {
    cause: 'invalid_tool_schema',
    types: ['invalid_function_parameters', 'invalid_tool_schema'],
    text: /Invalid schema\b|\btools?(?:\[\d|\.\d|', \d)|tool (?:definition|schema|function)s?\b.{0,60}(?:invalid|missing|required)|tool call validation failed|function_?declarations|parse grammar|functions?\[\d|input_schema|function parameters|\bparam=tools\b|'tools'|"tools"|(?:function|tool) name\b.{0,40}(?:invalid|must|pattern)|invalid (?:tool|function)(?!_call_id)|JSON schema is invalid|json_schema\b.{0,60}(?:invalid|must|missing|not\b(?! supported))/i,
    statuses: [400, 422, 500, null],
  },
  {
    cause: 'invalid_message_format',
    statuses: [422],
    text: /messages?(?:\[\w|\.\d|', \d)|'messages'|"messages"|\brole\b|content structure|message (?:format|content)|\bcontent\b.{0,40}(?:must|empty|invalid)/i,
  },
  {
    cause: 'parameter_out_of_range',
    types: [
      'decimal_above_max_value',
      'decimal_below_min_value',
      'integer_above_max_value',
      'integer_below_min_value',
      'array_above_max_length',
      'out_of_range',
      'less_than_equal',
      'greater_than_equal',
      'less_than',
      'greater_than',
    ],
    text: /Expected a value (?:<|>|between)|out of (?:the )?(?:valid |allowed )?range|(?:must|should|has to|needs to) be (?:strictly )?(?:between|less|greater|at most|at least|<|>|in (?:the )?(?:range|interval)|in \[|within|smaller|larger|higher|lower|positive|non-negative)|above maximum|below minimum|use (?:fewer|less) than \d|(?:is )?not in (?:the )?range|valid range|is not (?:less|greater) (?:than )?or equal to|range of .{0,40}should be|invalid temperature|only 1 is allowed|(?:top_p|temperature|max_tokens|\bn|presence_penalty|frequency_penalty)\b.{0,40}(?:between|range|at most|too large|supports at most)|not between|exceeds the (?:maximum|allowed) value|maximum value is/i,
    statuses: [400, 422, 500, null],
  },
  {
    cause: 'invalid_messages',
    types: [
      'image_parse_error',
      'invalid_image_url',
      'invalid_image',
      'invalid_image_format',
      'invalid_base64',
      'empty_messages',
    ],
    text: /\b(?:messages|input|contents)\.?(?:\[\d|\.\d)|[`'"]?\bmessages[`'"]?.{0,100}(?:must|required|invalid|contain|missing|empty|array|expected|roles?)|(?:Missing|must provide).{0,40}\bmessages\b|param=messages|\bmessages: |invalid message(?! received)|only supports? u\/a|tool_use|tool_result|tool_calls?\b|no tool (?:output|result|response|call found)|tool_call_id|conversation must|roles? must alternate|roles must|(?:valid|invalid|unknown|unexpected|unsupported|last) (?:message )?role|\brole\b.{0,60}(?:must|can.?t|cannot|invalid|not (?:valid|supported)|expected|unknown|Tool)|function[ _](?:response|call)[ .](?:parts?|turn)|\bcontents? (?:field|must|is required|is not specified|cannot|should|blocks?|parts?)|reasoning_content|at least one message|[Ee]ach message (?:must|should|needs)|\btool result\b|(?:last|final|first|assistant|user|system) message|user turn|thinking block|thought_signature|image_url|Could not process image|(?:invalid|unsupported|corrupt\w{0,10}) image|image (?:data|format|is (?:invalid|not))|not multimodal|remove (?:the )?image|unable to process (?:input )?image|empty (?:message|content|prompt|input)|must not be empty|non-empty|should be non-empty/i,
    statuses: [400, 422, 500, null],
  },
  {
    cause: 'unsupported_parameter',
    types: [
      'unsupported_parameter',
      'unsupported_value',
      'unknown_parameter',
      'unsupportedparamserror',
      'extra_forbidden',
      'not_supported',
    ],
    text: /Unsupported (?:parameter|value|param|data|content|media|response)|do(?:es)? ?n.?[o']?t support|UnsupportedParams|Unknown (?:parameter|name|field|argument)|Unrecognized (?:request )?(?:argument|parameter|key|field)|Extra (?:inputs?|fields?) (?:are |is )?(?:not permitted|not allowed)|Extra inputs? ?not permitted|extra_forbidden|(?:is|are)?n.?o?t (?:currently )?supported|type is unavailable|drop_params|unexpected keyword argument|not (?:allowed|permitted) (?:for|with|by) this model|(?:cannot|can.?t) (?:both|be (?:used|specified|set) (?:with|together|both))|mutually exclusive|not compatible|incompatible|is deprecated|is not enabled|is unsupported|enabled only for/i,
    statuses: [400, 404, 422, 500, 501, null],
  },
  // An answer that could not be read was not written by the caller.
  {
    cause: 'provider_unstable',
    text: /\b(?:upstream|response)\b.{0,60}(?:Extra data|Expecting value|Unterminated string|line \d{1,9},? column)/i,
    statuses: [500, 502, null],
  },
  {
    cause: 'invalid_json',
    types: ['json_invalid', 'invalid_json'],
    text: /could not parse the JSON|invalid JSON|JSON (?:body|parse|decode|parsing)|JSONDecodeError|Expecting (?:value|property name|',' delimiter)|Unexpected token|unexpected (?:character|end of JSON)|line \d{1,9},? column \d{1,9}|request_body|malformed (?:body|json|request)|(?:parse|parsing|decode) (?:the )?(?:request|JSON|body)|Unterminated string|cannot unmarshal/i,
    statuses: [400, 422, null],
  },
  {
    cause: 'invalid_parameter',
    types: [
      'invalid_type',
      'missing_required_parameter',
      'string_above_max_length',
      'string_type',
      'string_too_long',
      'int_type',
      'int_parsing',
      'float_type',
      'float_parsing',
      'bool_type',
      'bool_parsing',
      'list_type',
      'dict_type',
      'missing',
      'literal_error',
      'enum',
    ],
    hints: ['invalid_value', 'invalid_parameter', 'invalid_parameter_error', 'value_error'],
    text: /Invalid (?:type|value|param|parameter|argument|input|field|'\w|`\w|"\w)|'[^'\n]{1,60}' is (?:not valid|invalid)|Missing (?:required )?(?:parameter|field|argument)|is (?:a )?required\b|required (?:param|parameter|field)|Field required|must provide a \w|validation errors?|is not of type|wrong type|\bmust be\b|\bis invalid\b|may only be|can only be|unexpected value|should not be (?:none|null|empty)|(?:is|are) not valid|not one of|Malformed input|did not match|BadRequest please pass/i,
    statuses: [400, 401, 422, 500, null],
  },
  {
    // "Check quota, for example", "please try again later": Google's shared pool and a caller's limit read alike, so neither is claimed.
    cause: 'rate_limit_unspecified',
    general: true,
    types: [
      'rate_limit_exceeded',
      'rate_limit_error',
      'throttling_error',
      'resource_exhausted',
      'ratelimitreached',
      'rate_limited',
      'rate_limit_reached_error',
      'rate_limit',
      'too_many_requests',
    ],
    text: /(?<!\w-)rate[- _]?limit|too ?many ?requests|throttl|RESOURCE_EXHAUSTED|Resource (?:has been )?exhausted|provisioned throughput|API limit exceeded|request limit|error code: 1015\b|\bslow down\b|限流|速率限制|频率|レート制限|리밋|요청 한도|demasiadas solicitudes|trop de requêtes|zu viele Anfragen|muitas (?:requisições|solicitações)/i,
    hints: [
      'ratelimiterror',
      'throttlingexception',
      'toomanyrequestsexception',
      'resourceexhausted',
      'toomanyrequestserror',
    ],
  },
  {
    cause: 'provider_unstable',
    general: true,
    text: /Upstream (?:request failed|error|service|(?:\w{1,12} ){0,2}provider is)|Endpoint is unavailable|bad gateway|unknown error|model(?:_| )?error(?:exception)?|Provider returned error|invalid response from (?:upstream|provider)|do_request_failed|bad_response/i,
    types: [
      'upstream_error',
      'bad_gateway',
      'modelerrorexception',
      'modelstreamerrorexception',
      'bad_response_status_code',
      'do_request_failed',
    ],
    hints: ['badgatewayerror', 'upstream_error'],
    statuses: [400, 424, 500, 502, 503, 520, 530, null],
  },
  {
    cause: 'provider_unstable',
    general: true,
    text: /The server had an error|error while processing your request/i,
    statuses: [500, 502, null],
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
    text: /service (?:is )?(?:temporarily |currently )?unavailable|temporarily unavailable|ServiceUnavailable|unable to process your request|isn.?t currently available|服务(?:暂时)?不可用/i,
    types: ['service_unavailable', 'service_unavailable_error', 'serviceunavailableexception', 'unavailable'],
    statuses: [500, 502, 503, 529, null],
  },
  {
    cause: 'internal_error',
    general: true,
    text: /internal (?:server )?error|internal error (?:has )?occurred|Background loop|engine ?(?:core|loop)? (?:has |is |encountered )?(?:already )?(?:dea?d|died|an issue)|EngineDeadError|unmarshal|Failed to (?:generate|validate) JSON|Failed to call a function|Failed to load model|allocate memory|out of memory|more system memory|failed_generation|unexpected error|an error occurred during (?:generation|inference)|llama runner process|\bmodel (?:has )?(?:unexpectedly )?(?:crashed|exited|stopped)/i,
    types: ['json_validate_failed', 'tool_use_failed'],
    hints: [
      'internal_server_error',
      'server_error',
      'api_error',
      'internal',
      'internal_error',
      'internalservererror',
      'internalserverexception',
    ],
    statuses: [500, 400, 502, 520, null],
  },
  // What was refused is at least named: the path of a field before a colon, or its name in quotes.
  {
    cause: 'invalid_messages',
    general: true,
    text: /(?:^|\n)['"`]?(?:messages|input|contents?|system|prompt)\b[\w.[\]]{0,60}['"`]? ?:/,
    statuses: [400],
  },
  {
    cause: 'invalid_tool_schema',
    general: true,
    text: /(?:^|\n)['"`]?(?:tools|functions)\b[\w.[\]]{0,60}['"`]? ?:/,
    statuses: [400, 422],
  },
  {
    cause: 'invalid_parameter',
    general: true,
    text: /(?:^|\n)(?!\S{0,100}(?:Error|Exception)\b)['"`]?[a-z]\w{0,40}(?:[.[]\w{1,40}\]?){1,8}['"`]? ?: |['"`][a-z]{2,20}_[a-z_]{2,40}['"`]|\bparam=[a-z]|\b[Ii]nvalid (?!request|response|json|input)[a-z]\w{2,30}\.?(?:$|\n)/,
    statuses: [400, 422],
  },
];

export interface Row extends Omit<Signal, 'text'> {
  readonly text?: Screened | undefined;
}
export const ROWS: readonly Row[] = SIGNALS.map((row) => ({ ...row, text: row.text && screened(row.text) }));

/** Whether a row counts under a status. `byProvider`: a provider behind the gateway refused. */
export const applies = (row: Row, status: number | null, byProvider: boolean): boolean =>
  (row.statuses?.includes(status) ?? true) && (row.provider === undefined || byProvider);

/** Whether a text, or one of the names, tells the cause of a failure that has no status. */
export const namesCause = (text: string, names: readonly string[], of?: ReadonlySet<CauseId>): boolean =>
  ROWS.some(
    (row) =>
      applies(row, null, false) &&
      (of?.has(row.cause) ?? true) &&
      ((row.text?.test(text) ?? false) ||
        names.some((name) => (row.types?.includes(name) || row.hints?.includes(name)) ?? false)),
  );

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
