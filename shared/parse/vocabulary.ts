/**
 * The words by which a line is known to speak of an LLM call: hosts, API paths, signatures of gateways and SDKs. They are
 * the gate's only knowledge, kept as data. Sources: reference texts of the gateway family and the vendors' API pages.
 */
import { screened } from '../screen.ts';

/** Host -> provider. */
const HOSTS: ReadonlyMap<string, string> = new Map(
  (
    [
      ['openai', 'api.openai.com us.api.openai.com eu.api.openai.com chatgpt.com'],
      ['anthropic', 'api.anthropic.com'],
      ['gemini', 'generativelanguage.googleapis.com'],
      ['vertex_ai', 'aiplatform.googleapis.com'],
      ['groq', 'api.groq.com'],
      ['mistral', 'api.mistral.ai codestral.mistral.ai'],
      ['deepseek', 'api.deepseek.com'],
      ['openrouter', 'openrouter.ai api.openrouter.ai'],
      ['together_ai', 'api.together.xyz api.together.ai'],
      ['cohere', 'api.cohere.ai api.cohere.com'],
      ['xai', 'api.x.ai'],
      ['fireworks_ai', 'api.fireworks.ai'],
      ['perplexity', 'api.perplexity.ai'],
      ['cerebras', 'api.cerebras.ai'],
      ['nvidia', 'integrate.api.nvidia.com ai.api.nvidia.com'],
      ['huggingface', 'router.huggingface.co api-inference.huggingface.co'],
      ['azure', 'models.inference.ai.azure.com'],
      ['github', 'models.github.ai api.githubcopilot.com'],
      ['moonshot', 'api.moonshot.cn api.moonshot.ai'],
      ['dashscope', 'dashscope.aliyuncs.com dashscope-intl.aliyuncs.com'],
      ['zhipuai', 'open.bigmodel.cn api.z.ai'],
      ['siliconflow', 'api.siliconflow.cn api.siliconflow.com'],
      ['minimax', 'api.minimax.chat api.minimaxi.com api.minimax.io'],
      ['qianfan', 'qianfan.baidubce.com aip.baidubce.com'],
      ['hunyuan', 'api.hunyuan.cloud.tencent.com'],
      ['stepfun', 'api.stepfun.com'],
      ['sambanova', 'api.sambanova.ai'],
      ['novita', 'api.novita.ai'],
      ['deepinfra', 'api.deepinfra.com'],
      ['hyperbolic', 'api.hyperbolic.xyz'],
      ['replicate', 'api.replicate.com'],
      ['voyage', 'api.voyageai.com'],
      ['jina_ai', 'api.jina.ai'],
      ['ai21', 'api.ai21.com'],
      ['nebius', 'api.studio.nebius.ai api.studio.nebius.com'],
      ['cloudflare', 'gateway.ai.cloudflare.com'],
      ['vercel', 'ai-gateway.vercel.sh'],
      ['portkey', 'api.portkey.ai'],
    ] as const
  ).flatMap(([provider, hosts]) => hosts.split(' ').map((host) => [host, provider] as const)),
);
/** End of a host -> provider, where each customer, region or deployment has a host of its own. */
const HOST_ENDS: readonly (readonly [RegExp, string])[] = [
  [/(?:^|\.)llmgrid\.ai$/, 'llmgrid'],
  [/\.(?:openai|cognitiveservices|models\.ai|services\.ai)\.azure\.com$/, 'azure'],
  [/-aiplatform\.googleapis\.com$/, 'vertex_ai'],
  [/^bedrock(?:-runtime|-agent-runtime)?\.[a-z0-9-]{1,30}\.amazonaws\.com$/, 'bedrock'],
  [/^ark\.[a-z0-9-]{1,30}\.volces\.com$/, 'volcengine'],
  [/\.inference\.heroku\.com$/, 'heroku'],
];

/** Provider behind a host name, `null` for a host that is not known to serve LLM calls. */
export function providerOfHost(host: string): string | null {
  const name = host.toLowerCase();
  return HOSTS.get(name) ?? HOST_ENDS.find(([pattern]) => pattern.test(name))?.[1] ?? null;
}

/** Any of these hosts, wherever it stands. */
export const KNOWN_HOST = screened(
  new RegExp(
    [...[...HOSTS.keys()].map((host) => host.replaceAll('.', '\\.')), ...HOST_ENDS.map(([{ source }]) => source)].join(
      '|',
    ),
  ),
);

/** A host of an LLM API that a text names without an address: `getaddrinfo ENOTFOUND api.openai.com`, `host='…', port=443`. */
const LLM_HOST = screened(
  /(?<![\w.@/-])(?:[\w-]{1,63}\.){0,3}(?:llmgrid\.ai|api\.openai\.com|openai\.azure\.com|api\.anthropic\.com|generativelanguage\.googleapis\.com|aiplatform\.googleapis\.com|api\.(?:groq|deepseek|mistral|cohere|together|fireworks|perplexity|cerebras|x|moonshot|siliconflow|minimaxi|deepinfra|sambanova)\.(?:com|ai|xyz|cn)|openrouter\.ai|bedrock-runtime\.[a-z0-9-]{1,30}\.amazonaws\.com|dashscope(?:-intl)?\.aliyuncs\.com|open\.bigmodel\.cn|volces\.com)(?![\w-]|\/(?!\d{1,3}\.\d))/,
);
/** The port of a local server, asked for by itself: to a screen all digits are alike, and nearly every line has five of them. */
export const LOCAL_PORT = /(?::|port=)11434\b/;

/** Pages that vendors of LLM APIs send the reader of a refusal to. */
const VENDOR_LINK = screened(
  /(?<![\w@-])(?:[\w-]{1,40}\.){0,3}(?:openai\.com|(?:anthropic|claude|mistral|openrouter|litellm|llmgrid|cohere|langchain|perplexity|x|z)\.(?:com|ai)(?![\w-])|deepseek\.com|groq\.com|groqstatus\.com|bigmodel\.cn|chatgpt\.com)|aka\.ms\/oai|ai\.google\.dev|ai\.dev\/rate|ai\.studio\/|aistudio\.google|(?:docs|api)\.together\.(?:ai|xyz)\/|cloud\.google\.com\/vertex-ai/,
);

/** Path endings that only LLM APIs have. */
export const LLM_PATH = screened(
  /\/(?:chat\/completions?|completions|embeddings|responses|v1\/messages|images\/generations|audio\/(?:speech|transcriptions)|moderations|rerank|invoke-with-response-stream|converse(?:-stream)?)(?![\w-])|\/models?\/[\w.:@%/-]{1,120}[:/](?:generateContent|streamGenerateContent|batchEmbedContents|embedContent|countTokens|predict|rawPredict|invoke)(?![\w-])|\/api\/(?:chat|generate|embed|tags)(?=["\s?,)]|$)/,
);

/** The same for a path that stands alone on a server's own access line, where `/api/chat` is the application's. */
export const LLM_SERVER_PATH = screened(
  /\/(?:chat\/completions|completions|embeddings|v1\/responses|v1\/messages|images\/generations|v1\/audio\/(?:speech|transcriptions))(?![\w/-])|:(?:generateContent|streamGenerateContent)(?!\w)/,
);

/** What only a failing call makes gateways, SDKs and agent frameworks print: exceptions and phrases of theirs. */
export const SDK_FAILURE = screened(
  /\bAPI(?:Connection|ConnectionTimeout|Timeout|Status)Error\b|TransientAiException|Received Model Group|No deployments available|healthy deployments|\bVirtual[ _]Key\b|Error code: ?\d{3}\b|\b(?:openai|anthropic|litellm|groq|mistralai|cohere|ollama|together|replicate|pydantic_ai|dashscope|zhipuai|volcenginesdk\w{0,20}|instructor|google\.genai|System\.ClientModel)\.[A-Za-z_.]{0,40}(?:Error|Exception|Timeout)\b|dev\.langchain4j\.exception\.\w{2,40}Exception|\bcodexErrorInfo\b|\bAI_[A-Z]\w{2,40}Error|\bAPICallError\b|\bModelHTTPError\b|status_code: \d{3}, model_name: |\b(?:OpenAI|Azure|AzureOpenAI|Anthropic|Bedrock|VertexAI|Vertex_ai|vertex_ai|Gemini|gemini|Mistral|Groq|Deepseek|DeepSeek|Cohere|Openrouter|OpenRouter|Cerebras|Fireworks_ai|FireworksAI|Together_ai|TogetherAI|Huggingface|Ollama|Perplexity|Xai|XAI|Sagemaker|Replicate|Databricks|Watsonx|Nvidia_nim)(?:Exception|Error|APIError|ApiError)\b|when calling the (?:InvokeModel|Converse|ApplyGuardrail|RetrieveAndGenerate|InvokeAgent)\w{0,24} operation|The model returned the following errors|over available (?:TPM|RPM)=|(?:Model|Rate) [Rr]ate limit exceeded|crossed budget|ExceededBudget|Budget has been exceeded|Rate limit exceeded for (?:api_key|team|user|key|model)|error, status code: ?\d{3}, |RubyLLM::\w{2,40}Error|OpenAI\\Exceptions|MaxRetriesExceededError|llama runner process|EngineDeadError|MQLLMEngine|ArkHttpException|ArkAPI\w{0,40}Error|InternalError\.Algo\.|\b\d{3} status code \(no body\)|\bAPI Error[^\n]{0,300}· Retrying in |\bCompletionError: \w{2,40}Error|(?<![.,:\d])529 [{"'[]|_handle_llm_api_exception|dev\.langchain4j\.internal\.RetryUtils|exceeded retry limit, last status: \d{3}|stream error: unexpected status \d{3}|\b(?:DEADLINE_EXCEEDED|RESOURCE_EXHAUSTED|UNAVAILABLE|INVALID_ARGUMENT|NOT_FOUND|PERMISSION_DENIED|UNAUTHENTICATED|INTERNAL|FAILED_PRECONDITION)\. \{'|\bFailed after \d{1,3} attempts\. Last error: |\bAPI Error: (?:529\b|[45]\d\d <(?:!DOCTYPE )?html)|\bAPI Error: [^\n]{0,120}· Rate limited|\bAPI Error: (?:Stream idle timeout|Connection (?:error|closed)|Request timed out|Repeated \d{3})|\bApiError\(ApiError \{|\bunexpected status [45]\d\d [^\n]{3,200}, url: /,
);

/** Names of gateways, SDKs and agent frameworks: what fails in them need not be a call. */
const PACKAGES = screened(
  /llmgrid|[Ll]ite[Ll][Ll][Mm]|\[log_[0-9a-z]{6}[,\]]|(?:node_modules|site-packages)\/(?:openai|anthropic|@anthropic-ai|ai|@ai-sdk|litellm|langchain\w{0,20}|@langchain|groq|cohere|llama_index|mistralai|ollama|@google\/gen\w{0,20})\/|org\.springframework\.ai|dev\.langchain4j|\bopenai\.[A-Za-z_.]{0,40}[A-Z]\w{0,40}|\bopenai\._base_client|google\.(?:genai|generativeai)|google\.api_core\.exceptions\.(?!PermissionDenied: 403 Permission denied)|(?:aiplatform|generativelanguage)\.googleapis\.com\/\w{4,60}|GoogleGenerativeAI|GoogleGenAI|\blangchain(?:4j|[-_](?:core|community|openai|anthropic|google\w{0,20}|aws|groq|mistralai|ollama|cohere|huggingface|together|deepseek|xai|fireworks|perplexity|nvidia\w{0,20}|litellm|classic))?(?![\w-])|llama_index|LlamaIndex|\bcrewai\b|ChatCompletions?_?Create|\bchat\.completions\b|\bInvokeModel\b|\bConverseStream\b|\bmodel_group=|OpenAI::|RubyLLM|com\.(?:openai|anthropic|azure\.ai)\.|Azure\.AI\.OpenAI|System\.ClientModel|Microsoft\.SemanticKernel|Microsoft\.Extensions\.AI|async_openai|go-openai|text[-_]generation[-_](?:inference|router|launcher)|\bchannel #\d{1,9}[,)]|\bevent: (?:response\.[a-z_]{2,20}|message_start|content_block_(?:start|delta))/,
);

/** Text that only an LLM client or gateway prints, the host it calls, or the page a vendor sends its reader to. */
export const SIGNATURES = [SDK_FAILURE, PACKAGES, VENDOR_LINK, LLM_HOST];
export const isSignature = (text: string): boolean =>
  SIGNATURES.some((signature) => signature.test(text)) || LOCAL_PORT.test(text);

/** What SDKs say, and nothing more, when there was no answer: the default text of their exception, at the end of a line. */
export const SDK_DEFAULT = screened(/(?:^|[\s:\-|'"(])(?:Connection error|Request timed out)\.["')]{0,2}\s{0,4}$/m);

/** Sentences that only an LLM gateway or provider says when it refuses: anchor and failure in one. */
export const REFUSAL = screened(
  /healthy deployments|No deployments available|Hit limit for (?:api_key|team|user|key|model)\b|API deployment for this resource does not exist|organization has disabled \w{2,20} (?:\w{2,20} )?access|Model use case details have not been|rejected as a result of our safety system|out of extra usage|LLM Provider NOT provided|Invalid proxy server token|Virtual Key expected|Malformed API Key passed|No api key passed in|not allowed to access model|Invalid model name passed|Invalid model for team|over available (?:TPM|RPM)=|Budget has been exceeded|ExceededBudget|exceeded budget for (?:model|provider)|Rate limit exceeded for (?:api_key|team|user|key|model)|violates LiteLLM|server had an error (?:while )?processing your request|Upstream error from [A-Z]|`inputs` must have less than|Input is too long for (?:this|requested) model|n_keep \(\d|exceeds the available context size|loaded with (?:a )?context length|Unexpected role '\w{2,20}' after role|either used all\s{1,12}available credits|rate limit for creating predictions|Too many concurrent requests for this model|organization max (?:RPM|TPM|TPD|concurrency)|无可用资源包|\bCreditsError\b|User location is not supported for the API use|Invalid URL ?\((?:POST|GET) \/|Request is disconnected from the client side|already has an active run|while a run \S{1,60}\s{1,40}(?:\S{1,40}\s{1,40}){0,2}is active|Cannot (?:POST|GET) \/\S{0,40}(?:chat\/completions|\/responses|\/v1\/messages|embeddings)|Requests rate limit exceeded|No available channel for model|Incorrect API key provided|exceeded your current quota|Resource has been exhausted \(e\.g|maximum context length|credit balance is (?:too low|insufficient|not enough)|prepayment credits are \w|engine is currently overloaded|didn't provide an API key|parse the JSON body of your request|Invalid schema for function|api_?[kK]ey client option must be set|Key is blocked\. Update via|`inputs` tokens \+|\bModel \S{1,100} is currently loading|(?:The|This) model is (?:currently )?(?:overloaded|experiencing high demand)|requires more credits, or fewer max_tokens|No endpoints found (?:for|that)|You are using a Trial key|try pulling it first|on-demand throughput isn.t supported|access to the model with the specified model ID|content management policy|Unable to submit request because|prompt is too long: \d|reduce the length of the (?:messages|prompt)|(?:request tokens|concurrent connections) has exceeded|Too many tokens, please wait|messages with role 'tool'|roles must alternate|must be followed by tool messages|without `?tool_result|Billing hard limit has been reached|[Ii]nsufficient credits|does not support tools|monthly included credits|input token count .{0,40}exceeds|exceed context (?:limit|window)|your organization must be verified to use|[Ee]xceeded .{0,60}(?:input|output) tokens per minute|EmbedContent|GenerateContentRequest|无可用渠道|上游负载已饱和|402:? Insufficient Balance|No auth credentials found|stream (?:disconnected|closed) before (?:completion|response\.completed)|No allowed providers are available|aborting (?:completion|embeddings?) request due to client|Selected model is at capacity|\b[Tt]he model [`'"][^`'"\n]{1,100}[`'"] does not exist|llm busy - no slots|Illegal header value b'Bearer sk-|[Cc]ountry, region, or territory not supported|Malformed input request: #\/|maximum pending requests exceeded|[Ss]ervice tier capacity exceeded|model requires more system memory|check your plan and billing details|ended without finish_reason|invalid subscription key or wrong API endpoint|exhausted your capacity on this model|model .{1,100} is not supported by any provider|\b(?:thinking|reasoning|temperature|top_[pk]|tools?|images?|vision|streaming|logprobs|stop|seed|json_schema|response_format)\b.{0,30}not supported (?:for|with|by) this model/,
);

/** Types and codes of error bodies that only LLM APIs use. */
export const ERROR_TYPE = screened(
  /\b(?:insufficient_quota|rate_limit_exceeded|rate_limit_error|overloaded_error|invalid_request_error|authentication_error|budget_exceeded|throttling_error|token_not_found_in_db|context_length_exceeded|model_not_found|content_policy_violation|content_filter|invalid_api_key|not_found_error|(?:key|team|user|org|project)_model_access_denied|expired_key|credit_balance_exhausted|json_validate_failed|unsupported_parameter|invalid_function_parameters|decimal_above_max_value|model_overloaded|RESOURCE_EXHAUSTED|ResponsibleAIPolicyViolation|DeploymentNotFound|engine_overloaded_error|exceeded_current_quota_error|insufficient_user_quota|\w{2,20}_api_error|model_decommissioned|tool_use_failed|unsupported_country_region_territory|max_budget_exceeded|max_parallel_requests(?!: \d)|concurrency_limit_exceeded|(?:organization|project)_(?:spend|usage)_limit_exceeded|billing_not_active|model_context_window_exceeded|content_filter_error|ContextWindowExceededError|ContentPolicyViolationError|UnsupportedParamsError|guardrail_violation|data_inspection_failed|moderation_blocked|unsupported_api_for_model|model_not_available|model_not_exist|no_available_channel|decimal_below_min_value|integer_(?:above_max|below_min)_value|tokens_limit_reached|DataInspectionFailed|Arrearage|AllocationQuota|cf_gateway_timeout|billing_hard_limit_reached|request_too_large|tokens_per_minute|model_max_prompt_tokens_exceeded|tokens per min(?:ute)?)\b/,
);

/** Words that make a record smell of LLM calls without proving it: enough only beside a clear failure. */
const LLM_WORD = screened(
  /(?<![A-Za-z0-9])(?:open ?ai|open ?router|anthropic|claude|gemini|gpt-?[345o][\w.-]{0,40}|o[134]-(?:mini|preview|pro)[\w.-]{0,20}|gpt|chatgpt|llama[\w.:-]{0,40}|mistral(?:ai)?|mixtral|groq|ollama|bedrock|vertex[ _]?ai|deepseek|cohere|qwen[\w.:/-]{0,40}|vllm|sglang|hugging ?face(?!\.co\b|_hub)|llms?|gen ?ai|embeddings?|chat completions?|language model|generative ?language|max_?(?:(?:output|completion|new|input)_?)?tokens|top_p|(?:frequency|presence)_?penalty|logit_bias|body['"], ?['"](?:model|messages|temperature|stream)|replicate api|tool_use(?:_id)?|tool_result|tool_calls?|tool_choice|response_format|reasoning_effort|messages(?:\.\d{1,4}\.|\[\d{1,4}\]\.|', \d{1,4}, '|\.)(?:content|role|tool_calls?)|llm(?:server|client|error|service|provider)|(?:prompt|completion)[_ ]tokens?|max token count|tokens? per (?:min|day)|mqllmengine|perplexity|x\.?ai|grok-(?:\d|beta|mini|fast|code|vision)[\w.-]{0,20}|nemotron[\w.-]{0,20}|cerebras|fireworks ?ai|together ai|nvidia nim|moonshot|kimi[\w.-]{0,20}|glm-?\d[\w.-]{0,20}|zhipu(?:ai)?|dashscope|minimax|doubao[\w.-]{0,20}|ernie-?bot|qianfan|hunyuan|siliconflow|gemma[\w.:-]{0,20}|phi-?[34][\w.:-]{0,20}|lm ?studio|llama\.cpp|text-generation|semantic kernel|ai sdk|ai (?:response|model|request|service|provider|assistant|completion|generation|call|api)s?|model (?:call|request|invocation|api)s?|portkey|codex|z\.ai|dall-?e(?:-\d)?|imagen|veo|gpt-image[\w.-]{0,20})(?![A-Za-z0-9])/i,
);

/** The same as a part of a name in a program: `c.e.ai.OpenAiService`, `ChatOpenAI`, `llmClient`. */
const LLM_NAME = screened(
  /(?:OpenA[Ii]|OpenRouter|Anthropic|Claude|Gemini|Mistral|Groq|Ollama|Bedrock|Vertex[Aa][Ii]|Deep[Ss]eek|Cohere|Qwen|Perplexity|HuggingFace|ChatG[Pp][Tt]|GPT|Gpt|LLM|Llm)(?![a-z])|\b(?:openai|anthropic|claude|gemini|mistral|groq|ollama|bedrock|deepseek|cohere|gpt|llm)(?=[A-Z])|\bOAI[- ][Cc]ompatible\b/,
);
export const LLM_WORDS = [LLM_WORD, LLM_NAME];
export const speaksOfModels = (text: string): boolean => LLM_WORDS.some((words) => words.test(text));

/**
 * What failing calls say of a model without its name, in whatever language: beside a cause that only calls of models have,
 * that is as good as a name.
 */
export const MODEL_TALK = screened(
  /\b(?:this|that|the|requested|selected|specified|current|your|different|another|each|publisher) (?:\w{1,14} )?model\b|\bmodel(?:'s)? ['"`\w(]|\b(?:input|output|prompt|completion|thinking|reasoning)[ _.-]?tokens?\b|\b(?:max|thinking|budget)\w{0,20}_tokens\b|\b\d{1,9} tokens\b|\btokens? (?:count|limit)\b|\btoken (?:quota|budget)\b|\bprompt tokens?\b|\bfinish_?reason\b|\bmodell[oe]?\b|\bmodelo\b|\bmodèle\b|模型|モデル|모델/i,
);

/** `<Name>Exception` and friends inside a gateway message: the provider behind it. */
export const PROVIDER_TOKEN = screened(
  /\b(OpenAI|AzureOpenAI|Azure|Anthropic|Bedrock|VertexAI|Vertex_?ai|Gemini|Mistral|Groq|Deepseek|Cohere|Openrouter|Cerebras|Fireworks_?ai|Together_?ai|Huggingface|Ollama|Perplexity|Xai|Sagemaker|Replicate|Databricks|Watsonx|Nvidia_nim)(?:Exception|Error)\b/i,
);

const PROVIDER_NAMES: ReadonlyMap<string, string> = new Map([
  ['azureopenai', 'azure'],
  ['vertexai', 'vertex_ai'],
  ['vertex_ai', 'vertex_ai'],
  ['fireworksai', 'fireworks_ai'],
  ['togetherai', 'together_ai'],
  ['azure.ai.openai', 'azure'],
  ['aws.bedrock', 'bedrock'],
  ['gcp.vertex_ai', 'vertex_ai'],
  ['gcp.gemini', 'gemini'],
  ['mistral_ai', 'mistral'],
  ['x_ai', 'xai'],
]);

/** One spelling per provider. */
export function providerName(name: string): string {
  const lower = name.toLowerCase();
  return PROVIDER_NAMES.get(lower) ?? lower.replace(/\.(?:chat|responses|completion|messages)$/, '');
}
