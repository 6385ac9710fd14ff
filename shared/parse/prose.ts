/**
 * Lines that speak of failures instead of being one: documents and source code. A document may quote what happened; code only
 * names what may happen.
 */
import { screened } from '../screen.ts';
import type { Evidence } from './evidence.ts';
import { ERROR_TYPE, isSignature, REFUSAL, speaksOfModels } from './vocabulary.ts';

/** Marks of documents: comments, table rows, bullet points, numbered lists, quotations. */
const MARKED = /^\s{0,40}(?:\/\/|\*(?![\d*])|--|- |#{1,6} |• |> |\d{1,2}[.)] |\|[^\n|]{0,400}\||<!--)/;
/** Speech, questions, metrics and the names of tests. */
const SPOKEN =
  /^\s{0,40}(?:\w{2,100}\{[^}\n]{0,400}\} [\d.e+-]{1,24}\s{0,4}$|(?:If|When|Why|How|What|Whether) (?:you|the|to|do|does|is)\b|(?:User|Human|Assistant|Question|Q|A): |The (?:user|assistant) \w+:|(?:FAILED|PASSED) \S{1,200}::|\S{1,200}::test_\w{1,100} (?:PASSED|FAILED|ERROR|SKIPPED))/;
/** A status between back-ticks is one that is spoken of. */
const QUOTED_STATUS = screened(/`[^`\n]{0,80}\b[45]\d\d\b[^`\n]{0,80}`/);

/** Source code anywhere on a line of its own: it names what may happen, not what did. */
const CODE = screened(
  /\bexcept [\w.,() ]{1,80}:|\braise [\w.]{2,60}(?:\(| from \w)|\bthrow new \w|\bcatch ?\(\w|\bfrom [\w.]{2,40} import\b|\bassert(?:Raises)?\b|\b(?:print|console\.\w{2,10}|logger\.\w{2,10}|logging\.\w{2,10}|Log::\w{2,10})\(|\w(?:Error|Exception): If \w|\bf["'][^\n"']{0,200}\{\w|[`"'][^\n`"']{0,200}\$\{\w|\bshould (?:throw|return|retry|handle)\b|\bnew \w{0,30}(?:Error|Exception)\(|\b(?:httpx|requests)\.Response\(|\blambda \w{1,20}:|\(\\d|\\d[+*]|\\w[+*]/,
);
/** Time, level and logger before what a line says. */
const LOG_PREFIX =
  /^[[(]?\d[\w:.,+\-/ T]{6,40}Z?[\])]?\s{0,4}(?:[|[]?\s{0,4}[A-Z]{3,8}\b[\]|]?)?[^\n]{0,60}?(?:: | - |\| |\s{2,8}(?=\S))/;

export function isProse({ text, isJson, messages }: Evidence): boolean {
  if (isJson) return messages.length > 0 && messages.every(isProseLine);
  return isProseLine(text);
}

/** Nothing in these lines but code speaks of LLM calls: they stand under another line by chance. */
export const isOnlyCode = (lines: readonly string[]): boolean =>
  lines.every((line) => CODE.test(line) || !speaksOfLlm(line));
const speaksOfLlm = (line: string): boolean =>
  speaksOfModels(line) || isSignature(line) || ERROR_TYPE.test(line) || REFUSAL.test(line);

/** The first of several lines of code. A frame of a traceback may begin with code as well, but declares nothing. */
const CODE_BLOCK =
  /^\s{0,40}(?:(?:return nil, |throw new )[^\n]{0,200}[,({]|(?:const|let|var|expect|assert)\b|\w{1,40}(?:\.\w{1,40}){0,4} = [\w.]{1,60}\()[^\n]{0,400}\n\s{0,40}\S/;

/** What is thrown shows where it was. */
const FRAMES = /\n\s{1,12}at \S|Traceback \(|\n\S{0,60}(?:Error|Exception)\b/;

function isProseLine(text: string): boolean {
  if (CODE_BLOCK.test(text) && !FRAMES.test(text)) return true;
  const lines = text.trimEnd().split('\n');
  if (lines.length > 1)
    return lines.some(isCode) && !FRAMES.test(text) && lines.every((line) => isCode(line) || !speaksOfLlm(line));
  if (/Error code: ?\d{3} - \S|HTTP\/\d(?:\.\d)?" \d{3}/.test(text)) return false;
  return (isCode(text) && !FRAMES.test(text)) || begins(text, SPOKEN) || (begins(text, MARKED) && !quotesEvent(text));
}

const STATEMENT =
  /^\s{0,40}(?:(?:except|import|from \w{1,60} import|raise|def|class|if|elif|else|return|catch|throw|const|let|var|async|assert|expect)\b|it\(|describe\(|\/\*|(?:\/\/|#) ?(?:TODO|FIXME|XXX)\b)/;
const isCode = (line: string): boolean =>
  CODE.test(line) || STATEMENT.test(line) || STATEMENT.test(line.replace(LOG_PREFIX, ''));

/** Behind what a logger wrote before it, too. */
const begins = (line: string, marks: RegExp): boolean =>
  marks.test(line) || marks.test(line.replace(LOG_PREFIX, '').replace(/^\|\s{0,4}/, ''));

/** What stands in quotes, in a cell of a table, or behind the marks of a list, a quotation or a comment. */
const QUOTED = /`([^`\n]{10,2000})`|\|\s{0,4}([^|\n]{10,2000}?)\s{0,4}(?=\|)/g;
const MARKS =
  /^\s{0,40}(?:(?:[-*•>|]|#{1,6}|\/\/|\d{1,2}[.)]|`[^`\n]{1,40}`:?|\*{2}[^*\n]{1,40}\*{2}:?|[A-Z][a-z]{2,20}:) {1,8}){1,4}/;
/**
 * A document speaks of failures in general, but what it quotes may be one that happened: an exception and what it said, a
 * status and more than its name, a line of a log, a body.
 */
const EVENT =
  /^[`\s]{0,4}(?:\[?(?:ERROR|WARN(?:ING)?|CRITICAL|FATAL|error|warn(?:ing)?)\b[\]:]|\[?[45]\d\d:? [^`|\n]{25}|\d{4}-\d\d-\d\d[T ]\d\d:|\{"|L\d{1,6} )|Error code: ?\d{3}\b|\b(?:[A-Z]\w{2,40}(?:Error|Exception|Timeout)|\w{2,20}\.Timeout)\b[\])]?: [^`|\n]{12}|\bGoogleGenerativeAI Error\]: |\bAPI Error: [45]\d\d\b|(?:unexpected|last) status:? [45]\d\d\b|\berror code: [45]\d\d\b|["']type["']: ?["']\w{3,30}_error["']|\bas it raised \w|\b(?:balance|credits?|quota|key) (?:is|are|was|has) \w/;

/** A status in back-ticks, and nothing quoted that happened. */
export const namesStatus = (text: string): boolean => QUOTED_STATUS.test(text) && !quotesEvent(text);

function quotesEvent(line: string): boolean {
  const quoted = [...line.matchAll(QUOTED)].map(([, ticked, cell]) => ticked ?? cell ?? '');
  return [line.replace(MARKS, ''), ...quoted].some(
    (part) => EVENT.test(part) && (speaksOfLlm(part) || speaksOfLlm(line)),
  );
}
