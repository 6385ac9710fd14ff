/** HTTP statuses as they stand in logs: strictly read, because ids, ports, prices and token counts look just like them. */
import { type Screened, screened } from '../screen.ts';

/** 100–599 from a number or from text such as `429`, `"429"`, `429.0`, `HTTP 429`, `HTTP/1.1 429 Too Many Requests`; else null. */
export function readStatus(value: unknown): number | null {
  if (typeof value === 'number') return Number.isInteger(value) && value >= 100 && value <= 599 ? value : null;
  if (typeof value !== 'string' || value.length > 60) return null;
  const digits =
    /^\s{0,3}["']?(?:HTTP(?:\/\d(?:\.\d)?)? )?([1-5]\d\d)(?:\.0)?["']?(?: [A-Z][A-Za-z' -]{1,40})?\s{0,3}$/.exec(value);
  return digits ? Number(digits[1]) : null;
}

/** What follows a status that stands first: words, a body, or nothing, where the body was taken out. */
const SAID = `(?:: ?| |(?=\\{))(?=[A-Z][A-Za-z]|[{*"'<\\u0080-\\uffff]|\\s{0,3}(?:\\n|$)|\\s{1,3}[^\\s[])`;
const LEADING = /^\s{0,8}([45]\d\d)(?:: ?| |(?=\{))(?=[A-Za-z{*\u0080-\uffff]|\s{0,3}(?:\n|$)|\s{1,3}[^\s[])/;

/** The status a text begins with. */
export function leadingStatus(text: string): number | null {
  const status = LEADING.exec(text)?.[1];
  return status === undefined ? null : Number(status);
}

/** After what is counted or numbered, three digits are its number. */
const NO_NUMBER =
  '(?<!\\b(?:line|port|page|row|item|step|id|pid|doc|document|chunk|batch|file|record|question|sample|task|job|user|attempt|iteration|index|number):?)';

/** Places in text where three digits are a status and nothing else, most explicit first within one line. */
const IN_TEXT: readonly Screened[] = [
  /\bError code: ?([1-5]\d\d)\b/,
  /"HTTP\/\d(?:\.\d)? ([1-5]\d\d)[" ]/,
  /\bHTTP\/\d(?:\.\d)?" ([1-5]\d\d)\b/,
  /b'HTTP\/\d(?:\.\d)?', ([1-5]\d\d),/,
  /\bHTTP Response: [A-Z]{3,7} (?:https?:\/\/\S{1,300} )?"?([1-5]\d\d)\b/,
  /(?:\b|\\[nr])(?:(?:failed|succeeded|responded) with status|with status code|status code:?|status_code[=:]|statusCode[=:]|http_status[=:]|status[=:]|got status:?|HTTP status|HTTP error|HTTP code|http_code[=:]|does not indicate success:|resp(?:onse)?_?code[=:]|código de (?:estado|status):?) ?['"]?([1-5]\d\d)(?![\d%]|ms\b|s\b|\.\d)/i,
  // `responseStatusCode: "400"`, `http_status_code=503`.
  /[a-z_][Ss]tatus_?[Cc]ode['"]?\s?[:=]\s?['"]?([1-5]\d\d)\b/,
  // The gateway's router, and the classes of google.api_core.
  /\b[a-z_]{4,40}\(model=[^)\n]{1,120}\) ([1-5]\d\d) OK\b/,
  /\b(?:ResourceExhausted|TooManyRequests|PermissionDenied|InvalidArgument|Unauthenticated|ServiceUnavailable|DeadlineExceeded|InternalServerError|NotFound): ([45]\d\d)\b/,
  // .NET's HttpClient.
  /\b(?:Received HTTP response headers|End processing HTTP request) after [\d.]{1,12}ms - ([1-5]\d\d)\b/,
  /(?:状态码|错误码?|错误代码|ステータスコード|エラー(?:コード)?|(?:상태|오류|에러) ?코드|(?<![\u0400-\u04ff])(?:ошибка|код)|\bcódigo|\b(?:[Ee]rro|[Ee]rreur|Fehler)(?: [Cc]ode)?)[:：=]? ?([1-5]\d\d)(?![\d.:])/,
  /\bHTTP(?:\/\d(?:\.\d)?)?[ :]{1,2}([1-5]\d\d)\b/i,
  /\b(?:[Ee]rror|ERROR|failed|Failed|exception|response|returned|Client error|Server error)[ :]{0,2}['"([]([45]\d\d)\b/,
  /\b(?:API Error|API error|Error|Exception|error code|Error Code): ?([45]\d\d)\b(?![.,:]\d)/,
  /[A-Z]_(?:ERROR|EXCEPTION): ?([45]\d\d)\b(?![.,:]\d)/,
  /\bException occurr?ed - ([45]\d\d): /,
  // A load balancer's line: both statuses, both sizes, the request.
  / ([1-5]\d\d) (?:[1-5]\d\d|-) \d{1,12} \d{1,12} "(?:GET|POST) https?:/,
  /\bError \[[\w.]{2,40}\]: ?([45]\d\d)\b/,
  // The class of an exception, then what it says: `google.api_core.exceptions.NotFound: 404 …`, `InternalServerError: 500`.
  /(?:\w\w(?:Error|Exception)|google\.api_core\.exceptions\.\w{3,40})(?::| -|'>) ?([45]\d\d)(?=[\s:,]|$)/,
  /(?<!exit )\bstatus ([45]\d\d)\b/i,
  /["'](?:status|statusCode|status_code|httpStatus|resultSignature)["'] ?: ?["']?([1-5]\d\d)\b/i,
  /\b([45]\d\d) (?:Client Error|Server Error|status code|RESOURCE_EXHAUSTED|UNAVAILABLE|INVALID_ARGUMENT|PERMISSION_DENIED|UNAUTHENTICATED|NOT_FOUND|DEADLINE_EXCEEDED|INTERNAL\b)/,
  new RegExp(
    `${NO_NUMBER}(?:^|[\\s"'\`(>[|])([45]\\d\\d):? (?:Too Many Requests|Unauthorized|Forbidden|Not Found|Bad Request|Bad Gateway|Service Unavailable|Service Temporarily Unavailable|Gateway Time-?out|Internal Server Error|Payload Too Large|Unprocessable (?:Entity|Content)|Payment Required|Conflict|Request Timeout|Request Entity Too Large|Deadline Exceeded|Resource has been exhausted|Rate limit)`,
    'i',
  ),
  /\b(?:GET|POST) \/[\w/.:-]{1,200} (?:- |-> |→ |=> )?([1-5]\d\d)\b(?![.:]\d)/,
  /\b([45]\d\d): (?:GET|POST) \//,
  // Before a body that was taken out.
  new RegExp(`${NO_NUMBER}(?:^|[\\s\\])])([45]\\d\\d): (?: |$)`, 'm'),
  /\baccess:([1-5]\d\d) (?:GET|POST) \//,
  /^([45]\d\d): /m,
  /(?:^|: )<([45]\d\d)> [A-Z]/m,
  /`([45]\d\d):? [A-Z][a-z]/,
  /\b([45]\d\d) (?:POST|GET) (?:[{/]| )/,
  /\brequest: (?:POST|GET) \/\S{1,200} [\d.]{7,15} ([1-5]\d\d)\b/,
  /\bcode: http_([45]\d\d)\b/,
  /\[([45]\d\d) [A-Z][a-z]{2,12}(?: [A-Z][a-z]{2,12}){0,3}\]/,
  // First in a text, in what a logger was told or, after nothing but signs, in a line; a body that followed was taken out.
  LEADING,
  new RegExp(`^[^\\w\\n]{1,12}([45]\\d\\d)${SAID}`),
  // After time, level and logger.
  new RegExp(
    `^[^\\n]{0,100}?\\b(?:INFO|WARN(?:ING)?|ERROR|CRITICAL|FATAL|error|warn|warning)\\b(?:[^\\n]{0,80}?(?:[-–—|\\]:] |\\t)|:[\\w.-]{1,60}:| )\\s{0,4}([45]\\d\\d)${SAID}`,
  ),
  /^[^\w\n]{1,12}([45]\d\d)(?:: ?| )(?=[A-Z][a-z]|[{*"'<])/m,
  /\b(?:[Ee]rror|ERROR|failed|exception)\b[^\n:]{0,60}: ([45]\d\d) [A-Za-z]/,
  // After the name of an exception that does not say that it is one: `PermissionDenied: 403 …`.
  /^(?:\w{1,40}\.){0,6}[A-Z]\w{2,60}: ([45]\d\d)(?= [A-Z])/m,
  // The same farther on, where a message begins.
  /\b(?:[Ee]rror|ERROR|[Ff]ailed|[Ee]xception|problem)\b[^\n]{0,200}?: {1,3}([45]\d\d)(?=(?::| -)? ?(?:[A-Z{*"'<]|[45]\d\d |\s{0,3}(?:\n|$)))/,
  /\b(?:[Ee]rror|ERROR)(?: code)? ([45]\d\d)(?=[,:.)\]]|\s{0,3}(?:\n|$))/,
  /\b(?:[Ee]rror|failed)\b[^\n:.,]{0,40} ([45]\d\d) [A-Z][a-z]/,
  /[(（]([45]\d\d)(?:[)）][:：]|: [a-zA-Z])/,
  /\b(?:not found|unauthorized|forbidden|limited|unavailable|overloaded|denied|exceeded) \(([45]\d\d)\)/i,
  // What somebody did, and no number of things.
  /\b(?:replied|answered|returned|responded|failed|refused|rejected)(?: with| by)? (?:an? |HTTP |code )?([45]\d\d)(?=[,.:;)]|\s|$)(?!\s(?!errors\b)[a-z]{1,20}s\b)/,
  /\b(?:GET|POST) https?:\/\/\S{4,300} (?:- |-> |→ |=> |: )?([1-5]\d\d)(?=[\s,;]|$)/,
  // Azure's clients: `Response [<id>] 404 DeploymentNotFound (00.2s)`.
  /\b[Rr]esponse \[[\w-]{6,40}\] ([1-5]\d\d)\b/,
  /\bcode: ([45]\d\d)\s{0,8}$/m,
  /[|\]]\s{0,3}([1-5]\d\d)\s{0,3}\|\s{1,12}(?:\d{1,3}h)?(?:\d{1,3}m)?[\d.]{1,12}[mµnu]?s\s/,
].map(screened);

/** Where nothing more explicit stands: right after a word that goes before a status, and no amount, id or line. */
const LOOSE: readonly Screened[] = [
  /(?<!exit |[-/])\b(?:status|code|https?|error|err|failed|failure|exception|returned|responded|response|received|upstream)(?: (?:code|status|is|was|with|of))?['")\]]?[\s:=([<>-]{1,4}([45]\d\d)(?![\da-z_%-]|[.,:]\d|\s?(?:ms|sec|%))(?!\s(?!errors\b)[a-z]{1,20}s\b)/i,
  // Between two bodies, as the first SDK of OpenAI printed them.
  /^ {0,4}([45]\d\d) {1,4}(?=<|$)/m,
  // Before a body or what it says in quotes, and no place in a file.
  new RegExp(`${NO_NUMBER}(?:^|[\\s(])([45]\\d\\d):? (?=["{])`),
  /(?:->|→|=>) {0,2}(?:HTTP )?([45]\d\d|200(?= OK\b))(?=[\s:,]|$)/,
  /\bAPI[ :]{1,2}([45]\d\d)(?=[:,]|\s{0,3}(?:\n|$))/,
  // Before a body that was taken out.
  /: ([45]\d\d) {2}/,
  /: ([45]\d\d)(?=: ?(?:[{["'A-Z]|\s{0,3}(?:\n|$))|, message=)/,
].map(screened);

/** The first explicit status in the text, of a failure if there is one: what went well before it is not what is told. */
export function statusInText(text: string): number | null {
  if (!/[1-5]\d\d/.test(text)) return null;
  return firstOf(IN_TEXT, text) ?? firstOf(LOOSE, text);
}

function firstOf(patterns: readonly Screened[], text: string): number | null {
  let best: { at: number; status: number } | null = null;
  for (const pattern of patterns) {
    const match = pattern.exec(text);
    if (match === null) continue;
    const found = { at: match.index, status: Number(match[1]) };
    if (
      best === null ||
      isFailing(found) > isFailing(best) ||
      (isFailing(found) === isFailing(best) && found.at < best.at)
    )
      best = found;
  }
  return best?.status ?? null;
}

const isFailing = ({ status }: { readonly status: number }): boolean => status >= 400;
