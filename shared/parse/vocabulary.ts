/**
 * The words by which a line is known to speak of an LLM call: hosts, API paths, signatures of gateways and SDKs. They are
 * the gate's only knowledge, kept as data. Sources: reference texts of the gateway family and the vendors' API pages.
 */

/** Host (or the end of it) -> provider. */
const HOSTS: readonly (readonly [RegExp, string])[] = [
  [/(?:^|\.)llmgrid\.ai$/, 'llmgrid'],
  [/(?:^|\.)openai\.azure\.com$|(?:^|\.)cognitiveservices\.azure\.com$/, 'azure'],
  [/^(?:api|us\.api|eu\.api)\.openai\.com$|^chatgpt\.com$/, 'openai'],
  [/(?:^|\.)anthropic\.com$/, 'anthropic'],
  [/^generativelanguage\.googleapis\.com$/, 'gemini'],
  [/(?:^|[.-])aiplatform\.googleapis\.com$/, 'vertex_ai'],
  [/^bedrock(?:-runtime|-agent-runtime)?\.[a-z0-9-]{1,30}\.amazonaws\.com$/, 'bedrock'],
  [/^api\.groq\.com$/, 'groq'],
  [/(?:^|\.)mistral\.ai$/, 'mistral'],
  [/^api\.deepseek\.com$/, 'deepseek'],
  [/(?:^|\.)openrouter\.ai$/, 'openrouter'],
  [/^api\.together\.(?:xyz|ai)$/, 'together_ai'],
  [/^api\.cohere\.(?:ai|com)$/, 'cohere'],
  [/^api\.x\.ai$/, 'xai'],
  [/^api\.fireworks\.ai$/, 'fireworks_ai'],
  [/^api\.perplexity\.ai$/, 'perplexity'],
  [/^api\.cerebras\.ai$/, 'cerebras'],
  [/^integrate\.api\.nvidia\.com$/, 'nvidia'],
  [/^(?:router|api-inference)\.huggingface\.co$/, 'huggingface'],
];

/** Provider behind a host name, `null` for a host that is not known to serve LLM calls. */
export function providerOfHost(host: string): string | null {
  const name = host.toLowerCase();
  return HOSTS.find(([pattern]) => pattern.test(name))?.[1] ?? null;
}

/** Path endings that only LLM APIs have. */
export const LLM_PATH =
  /\/(?:chat\/completions?|completions|embeddings|responses|v1\/messages|images\/generations|audio\/(?:speech|transcriptions)|moderations|rerank|invoke-with-response-stream|converse(?:-stream)?)(?![\w-])|\/models?\/[\w.:@%/-]{1,120}[:/](?:generateContent|streamGenerateContent|batchEmbedContents|embedContent|countTokens|predict|rawPredict|invoke)(?![\w-])|\/api\/(?:chat|generate|embed|tags)(?=["\s?,)]|$)/;

/** The same for a path that stands alone on a server's own access line, where `/api/chat` is the application's. */
export const LLM_SERVER_PATH =
  /\/(?:chat\/completions|completions|embeddings|v1\/responses|v1\/messages|images\/generations)(?![\w/-])|:(?:generateContent|streamGenerateContent)(?!\w)/;

/** Class names and phrases that only gateways, SDKs and agent frameworks print. */
export const SIGNATURE =
  /llmgrid|[Ll]ite[Ll][Ll][Mm]|\bAPI(?:Connection|ConnectionTimeout|Timeout|Status)Error\b|TransientAiException|\[log_[0-9a-z]{6}[,\]]|(?:node_modules|site-packages)\/(?:openai|anthropic|@anthropic-ai|ai|@ai-sdk|litellm|langchain\w{0,20}|@langchain|groq|cohere|llama_index)\/|org\.springframework\.ai|Received Model Group|No deployments available|healthy deployments|\bVirtual[ _]Key\b|Error code: ?\d{3}\b|\bopenai\.[A-Za-z_.]{0,40}[A-Z]\w{0,40}|\bopenai\._base_client|\banthropic\.[A-Za-z_.]{0,40}Error|\bAI_[A-Z]\w{2,40}Error|\bAPICallError\b|google\.(?:genai|generativeai)|google\.api_core|GoogleGenerativeAI|langchain|llama_index|\b(?:OpenAI|Azure|AzureOpenAI|Anthropic|Bedrock|VertexAI|Vertex_ai|vertex_ai|Gemini|gemini|Mistral|Groq|Deepseek|DeepSeek|Cohere|Openrouter|OpenRouter|Cerebras|Fireworks_ai|FireworksAI|Together_ai|TogetherAI|Huggingface|Ollama|Perplexity|Xai|XAI|Sagemaker|Replicate|Databricks|Watsonx|Nvidia_nim)(?:Exception|Error)\b|ChatCompletions?_?Create|\bchat\.completions\b|when calling the (?:InvokeModel|Converse)\w{0,24} operation|\bInvokeModel\b|over available (?:TPM|RPM)=|(?:Model|Rate) [Rr]ate limit exceeded|\bmodel_group=|crossed budget|ExceededBudget|Budget has been exceeded|Rate limit exceeded for (?:api_key|team|user|key|model)|status\.openai\.com|platform\.openai\.com|ai\.google\.dev|aistudio\.google|error, status code: ?\d{3}, /;

/** Sentences that only an LLM gateway or provider says when it refuses: anchor and failure in one. */
export const REFUSAL =
  /healthy deployments|No deployments available|LLM Provider NOT provided|Invalid proxy server token|Virtual Key expected|Malformed API Key passed|No api key passed in|not allowed to access model|Invalid model name passed|over available (?:TPM|RPM)=|Budget has been exceeded|ExceededBudget|exceeded budget for (?:model|provider)|Rate limit exceeded for (?:api_key|team|user|key|model)|violates LiteLLM|Incorrect API key provided|exceeded your current quota|Resource has been exhausted \(e\.g|maximum context length|credit balance is too low|engine is currently overloaded|didn't provide an API key|parse the JSON body of your request|Invalid schema for function|api_key client option must be set|Key is blocked\. Update via/;

/** Types and codes of error bodies that only LLM APIs use. */
export const ERROR_TYPE =
  /\b(?:insufficient_quota|rate_limit_exceeded|rate_limit_error|overloaded_error|invalid_request_error|authentication_error|budget_exceeded|throttling_error|token_not_found_in_db|context_length_exceeded|model_not_found|content_policy_violation|content_filter|invalid_api_key|not_found_error|(?:key|team|user|org|project)_model_access_denied|expired_key|credit_balance_exhausted|json_validate_failed|unsupported_parameter|invalid_function_parameters|decimal_above_max_value|model_overloaded|RESOURCE_EXHAUSTED|ResponsibleAIPolicyViolation|DeploymentNotFound|engine_overloaded_error|tokens_per_minute|tokens per min(?:ute)?)\b/;

/** Words that make a record smell of LLM calls without proving it: enough only beside a clear failure. */
export const LLM_WORD =
  /(?<![A-Za-z0-9])(?:open ?ai|open ?router|anthropic|claude|gemini|gpt-?[345o][\w.-]{0,40}|gpt|llama[\w.:-]{0,40}|mistral|mixtral|groq|ollama|bedrock|vertex[ _]?ai|deepseek|cohere|qwen[\w.:/-]{0,40}|vllm|hugging ?face|llms?|gen ?ai|embeddings?|chat completions?|language model|max_tokens|max_completion_tokens|prompt tokens|tokens? per (?:min|day)|mqllmengine)(?![A-Za-z0-9])/i;

/** `<Name>Exception` and friends inside a gateway message: the provider behind it. */
export const PROVIDER_TOKEN =
  /\b(OpenAI|AzureOpenAI|Azure|Anthropic|Bedrock|VertexAI|Vertex_?ai|Gemini|Mistral|Groq|Deepseek|Cohere|Openrouter|Cerebras|Fireworks_?ai|Together_?ai|Huggingface|Ollama|Perplexity|Xai|Sagemaker|Replicate|Databricks|Watsonx|Nvidia_nim)(?:Exception|Error)\b/i;

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
