/**
 * What carried a line to the log and put something around it: collectors that wrap each line in JSON, and runtimes that write
 * a name or a time before it. A dump of many lines is only seen as one once that is taken off.
 */
import { field, isFields, readJson } from './literal.ts';

/** Names under which collectors keep the line: Docker, Fluent Bit, Vector, Logstash, journald, Cloud Logging, OpenTelemetry. */
const LINE = ['log', 'message', 'MESSAGE', 'textPayload', 'line', '@message', 'msg', 'body', 'text', 'raw', 'event'];
/** What only collectors write beside a line; an application's own record has a level, a status or an error too. */
const BESIDE =
  /^(?:@?timestamp|@version|time|ts|date|host(?:name)?|source(?:_type|_ip|_host)?|file(?:name)?|path|offset|stream|tags?|agent|ecs|input|type|docker|kubernetes|container\w{0,20}|pod\w{0,20}|namespace\w{0,20}|labels?|insertId|resource|logName|receiveTimestamp|_\w{1,30}|PRIORITY|SYSLOG_\w{1,20}|ecs_\w{1,30}|ec2_\w{1,30}|partial_\w{1,20}|log|appname|facility|procid|version|cluster|region|fields|app|attrs)$/;
const WRAPS =
  /"(?:log|stream|container_(?:id|name)|kubernetes|source_type|@version|@timestamp|_HOSTNAME|logName|textPayload|docker|ecs_\w{1,20}|agent|host|file|tag)"\s{0,4}:/;
const OWN_RECORD = /"(?:level|levelname|severity|status|err|error|model)"\s{0,4}:/;
const HEAD = 4000;

/** The line that a collector wrapped, or the message as it is. */
export function unwrapped(message: string): string {
  if (!message.startsWith('{')) return message;
  const head = message.length > HEAD ? message.slice(0, HEAD) : message;
  if (!WRAPS.test(head) || (OWN_RECORD.test(head) && !/"log"\s{0,4}:\s{0,4}"/.test(head))) return message;
  const json = readJson(message);
  if (!isFields(json)) return message;
  const name = LINE.find((key) => typeof field(json, key) === 'string');
  const line = name === undefined ? undefined : field(json, name);
  if (typeof line !== 'string') return message;
  const isCarried = name === 'log' || Object.keys(json).every((key) => key === name || BESIDE.test(key));
  return isCarried ? line.trimEnd() : message;
}

/** A container's name, a runtime's time and stream, a process of the system: what stands before each line of one dump. */
const PREFIXES: readonly RegExp[] = [
  // docker compose
  /^(?:\u001b\[[\d;]{1,10}m)?[A-Za-z][\w.-]{0,60}[-_]\d{1,3}\s{0,30}\|(?:\u001b\[0m)? /,
  // containerd
  /^\d{4}-\d\d-\d\dT[\d:.]{8,18}(?:Z|[+-]\d\d:\d\d) (?:stdout|stderr) [FP] /,
  /^\[pod\/[\w./-]{1,200}\] /,
  // Heroku
  /^\d{4}-\d\d-\d\dT[\d:.]{8,18}(?:Z|[+-]\d\d:\d\d) (?:app|heroku)\[[\w.]{1,40}\]: /,
  // syslog of RFC 5424
  /^<\d{1,3}>1 \S{10,40} \S{1,80} \S{1,60} \S{1,20} \S{1,40} (?:-|\[[^\]\n]{0,200}\]) /,
  // Railway
  /^\d{4}-\d\d-\d\dT[\d:.]{8,18}Z \[[a-z]{3,5}\] {2}/,
  // syslog and journald, in both ways to write the time
  /^[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d [\w.-]{1,80} [\w./@-]{1,80}(?:\[\d{1,9}\])?: /,
  /^\d{4}-\d\d-\d\dT[\d:.]{8,18}(?:Z|[+-]\d\d:\d\d) [\w.-]{1,80} [\w./@-]{1,80}\[\d{1,9}\]: /,
];
/** Docker and Kubernetes asked for times, after whatever else they write, and GitHub's mark of an error. */
const TIME = /^\d{4}-\d\d-\d\dT[\d:.]{8,18}(?:Z|[+-]\d\d:\d\d) (?=\S)(?:##\[[a-z]{4,8}\])?/;
/** Every prefix starts with a letter, a digit, a bracket or an escape; most lines that continue another start with none. */
const MAY_HAVE_PREFIX = /^[A-Za-z\d[<\u001b]/;

/** The line without what its transport wrote before it. */
export function withoutPrefix(line: string): string {
  if (!MAY_HAVE_PREFIX.test(line)) return line;
  for (const prefix of PREFIXES) {
    const match = prefix.exec(line);
    if (match) return withoutTime(line.slice(match[0].length));
  }
  return withoutTime(line);
}

const withoutTime = (line: string): string => line.slice(TIME.exec(line)?.[0].length ?? 0);
