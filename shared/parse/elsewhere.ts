/** What failed beside the call: other systems of the same program, named by their words. */
import { screened } from '../screen.ts';
import type { Evidence } from './evidence.ts';
import { providerOfHost, speaksOfModels } from './vocabulary.ts';

/**
 * Failures beside the call, in a program that makes calls: tracing services, package registries, the cluster, code that does not
 * load, and an answer that came well and was not what the application wanted.
 */
const ELSEWHERE = screened(
  /(?<!\/)langsmith\.utils|\bLangSmith\b|smith\.langchain\.com|cloud\.langfuse\.com|\blangfuse: |(?:model|completion) cost map|unhealthy_endpoints|Cooldown Deployments=|\/simple\/[\w.-]{1,60}\/?$|npm (?:ERR!|warn)|satisfies the requirement|No matching distribution|probe failed|Back-off restarting|FailedScheduling|CrashLoopBackOff|ImagePullBackOff|OutputParserException|[Ii]nvalid JSON (?:in )?(?:response|output|answer)|[Pp]arsing [Ff]ailed|(?:parse|parsing|decode|validate|validating) .{0,40}(?:response|output|answer)\b|Invalid Dimension|InvalidDimensionException|CUDA out of memory|[Ss]lack alerting|dependency failed to start|\blifespan_context\b|Application startup failed|\bhelm (?:upgrade|install)\b|Invalid HTTP request received|\btelemetry\.[\w-]{2,40}\.\w|DataType: (?:Histogram|Sum|Gauge|Summary)\b|\b(?:Histogram|Number)DataPoints #|\/v1\/traces\b/,
);
const CODE_FAULT = screened(
  /\b(?:Import|ModuleNotFound|Attribute|Name|Syntax|Indentation|Assertion|UnboundLocal)Error\b|using (?:the )?default|[Dd]efaulting to|No module named|unsupported operand|__init__\(\) got an unexpected keyword|cannot import name|has no attribute|is not a function\b|Cannot read propert|is not (?:iterable|defined)\b|event loop is|missing variable|validation errors? for \w{0,40}(?:Settings|Config)\b/,
);

/** A heading above what failed: `=== API ERROR ANALYSIS ===`. */
const HEADING = screened(/={3} [^=\n]{1,80} ={3,20}\s{0,4}$/);

export const isElsewhere = (text: string, status: number | null): boolean =>
  ELSEWHERE.test(text) ||
  (status === null &&
    (HEADING.test(text) || (CODE_FAULT.test(text) && !/API(?:Connection|Timeout|Status)\w{0,10}Error/.test(text))));

/** APIs that share the names of error types with LLM APIs. */
export const OTHER_API = screened(
  /\b(?:stripe|card_declined|decline_code|payment_intent|fbtrace_id|OAuthException|elevenlabs|deepgram|assemblyai|pinecone|firebase|firestore|supabase|pub\/?sub|spanner|bigquery|twilio|sendgrid|youtube)\b|api\.stripe\.com|\b(?:graph\.microsoft|management\.azure)\.com|\b(?:sheets|drive|docs|calendar|gmail|storage|translat(?:e|ion)|vision|speech|texttospeech|people|places|maps|logging|monitoring|secretmanager)\.googleapis\.com/i,
);

/** Databases, queues, registries and services: beside a mere word, it is they that failed. */
const OTHER_SYSTEM = screened(
  /\b(?:redis|postgres(?:ql)?|psycopg\d?|mysql|sqlite|mongo(?:db)?|hikari\w{0,8}|jdbc|prisma|sqlalchemy|kafka|rabbitmq|celery\.exceptions|elasticsearch|es_rejected_execution_exception|opensearch|slack(?:api|_sdk)?|github api|S3|qdrant|weaviate|milvus|chroma(?:db)?|vector (?:store|index|database|db)|from daemon|docker(?:hub)?|kubectl|pods|ProgressDeadlineExceeded|migration|invoice|disk|exit status|failed: exit code|MCP server|tools? [\w.-]{2,40} failed|(?:notion|tavily|serper|serpapi|firecrawl|discord|telegram|reddit|hubspot|salesforce|airtable|jira|wikipedia|deepl) (?:\w{2,12} )?(?:api )?(?:error|failed|returned|responded))\b/i,
);

/** A request of the application's own: beside a mere word, its path says what failed. */
const NAMES_OTHER_PATH = screened(/\b(?:curl|GET|POST|PUT|DELETE|PATCH) "?\/(?!v1\/)[\w./-]{1,200}/);

const ANSWERED_BY =
  /\b(?:from|by|at) ((?:[a-z\d][a-z\d-]{0,62}\.){1,4}(?:com|org|net|io|dev|app|co|example|internal|local))\b/g;

/** Somebody else's server answered. */
const namesOtherServer = (text: string): boolean =>
  [...text.matchAll(ANSWERED_BY)].some(([, host = '']) => providerOfHost(host) === null && !speaksOfModels(host));

/** Beside a mere word: another system, another path or another server is named, and failed. */
export const namesOther = (text: string): boolean =>
  NAMES_OTHER_PATH.test(text) || OTHER_SYSTEM.test(text) || namesOtherServer(text);

const CHORE = screened(
  /LiteLLM_[A-Z]\w{2,40}|SpendLogs|\bprisma|\bDB\b|database|\bredis\b|startup failed|\bcallback|\bMCP\b|standard logging object|\bcache (?:read|write|get|set)\b|langfuse|slack|\bwebhook|alerting|health ?check|budget reset|spend (?:update|tracking)|prometheus/i,
);

/** What a gateway logs about its own keeping of books and health is no call, though it fails in the same words. */
export const isChore = ({ text, envelope }: Evidence, shape: string, status: number | null): boolean =>
  (shape === 'litellm-text' || (shape === 'python-traceback' && /LiteLLM Proxy:/.test(text.slice(0, 200)))) &&
  status === null &&
  envelope === null &&
  CHORE.test(text.slice(0, 4000)) &&
  !/\blitellm\.(?:exceptions\.)?[A-Z]\w{2,40}(?:Error|Timeout)\b|Virtual Key|api_key/.test(text.slice(0, 4000));
