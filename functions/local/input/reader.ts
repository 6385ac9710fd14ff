/** One input from bytes to pages of events: its form is told from the first bytes, then a decoder of that form reads on. */
import type { LogBatch } from '../../../shared/record.ts';
import { csvDecoder } from './csv.ts';
import { eventsDecoder, subscriptionDecoder } from './documents.ts';
import { detectForm, type Form } from './form.ts';
import { uncompressed } from './gzip.ts';
import type { Decoder, Losses, Origin } from './pages.ts';
import { errorCode, type Report } from './problem.ts';
import { textDecoder } from './text.ts';

export interface Input {
  /** As the user named it. */
  readonly path: string;
  readonly origin: Origin;
  readonly bytes: () => AsyncIterable<Buffer>;
}

export interface ReadContext {
  readonly report: Report;
  readonly onForm: (path: string, form: Form) => void;
}

const DECODERS: Readonly<Record<Form, (origin: Origin) => Decoder>> = {
  text: (origin) => textDecoder('text', origin),
  'json-lines': (origin) => textDecoder('json-lines', origin),
  's3-export': (origin) => textDecoder('s3-export', origin),
  'cloudwatch-tail': (origin) => textDecoder('cloudwatch-tail', origin),
  'cloudwatch-csv': csvDecoder,
  'cloudwatch-events': eventsDecoder,
  'json-array': eventsDecoder,
  subscription: subscriptionDecoder,
};

/** Never throws for what the input contains or for a file that cannot be read: that is reported, and the input ends there. */
export async function* readPages(input: Input, context: ReadContext): AsyncGenerator<LogBatch[]> {
  const { path } = input;
  const { report } = context;
  const sample: Buffer[] = [];
  let decoder: Decoder | null = null;
  try {
    for await (const chunk of uncompressed(input.bytes(), (code) => report(path, code))) {
      if (decoder) {
        yield decoder.write(chunk);
        continue;
      }
      sample.push(Buffer.from(chunk));
      const bytes = Buffer.concat(sample);
      decoder = decoderFor(input, { bytes, isAll: false }, context);
      if (decoder) yield decoder.write(bytes);
    }
    if (sample.length === 0) report(path, 'EMPTY');
    else if (!decoder) {
      const bytes = Buffer.concat(sample);
      decoder = decoderFor(input, { bytes, isAll: true }, context);
      if (decoder) yield decoder.write(bytes);
    }
    if (decoder) yield decoder.end();
  } catch (error) {
    if (error instanceof Unusable) report(path, error.code);
    else report(path, 'UNREADABLE', { detail: errorCode(error) });
  }
  if (decoder) reportLosses(path, decoder.losses(), report);
}

function decoderFor(input: Input, sample: { bytes: Buffer; isAll: boolean }, context: ReadContext): Decoder | null {
  const form = detectForm(sample.bytes, sample.isAll);
  if (form === 'binary' || form === 'utf-16') throw new Unusable(form === 'binary' ? 'BINARY' : 'UTF16');
  if (form === null) return null;
  context.onForm(input.path, form);
  return DECODERS[form](input.origin);
}

class Unusable extends Error {
  readonly code: 'BINARY' | 'UTF16';
  constructor(code: 'BINARY' | 'UTF16') {
    super(code);
    this.code = code;
  }
}

function reportLosses(path: string, losses: Losses, report: Report): void {
  if (losses.tooLong > 0) report(path, 'LINE_TOO_LONG', { count: losses.tooLong });
  if (losses.badJson > 0) report(path, 'BAD_JSON', { count: losses.badJson });
  if (losses.badCsv > 0) report(path, 'BAD_CSV', { count: losses.badCsv });
  if (losses.malformed > 0) report(path, 'MALFORMED', { count: losses.malformed });
  for (const [detail, count] of losses.refused) report(path, 'REFUSED', { count, detail });
}
