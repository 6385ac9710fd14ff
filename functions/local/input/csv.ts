/**
 * CloudWatch CSV exports (RFC 4180). A record goes on over line breaks while a quote is open, so it is put together from
 * lines by counting quotes. A quote that never closes would swallow the file: past 1 MiB the record is given up and the
 * reader goes on with the next line.
 */
import { cloudWatchRecord } from './cloudwatch-record.ts';
import { csvHeader } from './form.ts';
import { lineSplitter, MAX_LINE_BYTES } from './lines.ts';
import { type Decoder, noLosses, type Origin, pages } from './pages.ts';

/** A message is at most 1 MiB; its quotes may double it. */
const MAX_RECORD = 2 * MAX_LINE_BYTES;

export function csvDecoder(origin: Origin): Decoder {
  const page = pages();
  const losses = noLosses();
  let columns: Map<string, number> | null = null;
  let open: { lines: string[]; length: number; offset: number } | null = null;

  const record = (text: string, offset: number): void => {
    if (!columns) {
      columns = new Map((csvHeader(text) ?? []).map((name, at) => [name, at]));
      return;
    }
    const names = columns;
    const fields = csvFields(text);
    const read = (name: string): string | undefined => fields[names.get(name) ?? -1];
    const found = cloudWatchRecord(read, origin, offset);
    if (!found) losses.malformed++;
    else page.add(found.stream, found.event);
    if (found?.isCut) losses.tooLong++;
  };
  const lines = lineSplitter((line, id) => {
    const isOdd = hasOddQuotes(line);
    if (!open && !isOdd) {
      if (line !== '') record(line, offsetOf(id));
      return;
    }
    open ??= { lines: [], length: 0, offset: offsetOf(id) };
    open.lines.push(line);
    open.length += line.length + 1;
    const isClosed = isOdd && open.lines.length > 1;
    if (isClosed) record(open.lines.join('\n'), open.offset);
    else if (open.length > MAX_RECORD) losses.badCsv++;
    else return;
    open = null;
  });

  return {
    write(chunk) {
      lines.write(chunk);
      return page.take();
    },
    end() {
      lines.end();
      if (open) losses.badCsv++;
      return page.take();
    },
    losses: () => ({ ...losses, tooLong: losses.tooLong + lines.tooLong() }),
  };
}

/** Fields of one record; a doubled quote inside quotes is one quote. */
export function csvFields(record: string): string[] {
  const fields: string[] = [];
  let at = 0;
  for (;;) {
    let field = '';
    if (record[at] === '"') {
      let close = record.indexOf('"', at + 1);
      let from = at + 1;
      while (close >= 0 && record[close + 1] === '"') {
        field += record.slice(from, close + 1);
        from = close + 2;
        close = record.indexOf('"', from);
      }
      const end = close < 0 ? record.length : close;
      field += record.slice(from, end);
      at = end + 1;
    }
    const comma = record.indexOf(',', at);
    const end = comma < 0 ? record.length : comma;
    fields.push(field + record.slice(at, end));
    if (comma < 0) return fields;
    at = comma + 1;
  }
}

function hasOddQuotes(line: string): boolean {
  let count = 0;
  for (let at = line.indexOf('"'); at >= 0; at = line.indexOf('"', at + 1)) count++;
  return count % 2 === 1;
}

const offsetOf = (id: string): number => Number.parseInt(id, 10);
