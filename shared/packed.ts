/**
 * The cells of a roll-up as stores keep them: a column per field, and each value of a column told once. A day of 2,000 cells is a
 * tenth of what the same cells are as objects, and reading 90 of them is what a question over a quarter waits for.
 */
import type { CountedCell } from './window.ts';

/** Few different values: told once, then named by their place. */
const TOLD = [
  ...(['kind', 'status', 'cause', 'model', 'provider', 'tenant', 'project', 'key', 'logGroup'] as const),
  ...(['firstMs', 'lastMs'] as const),
] as const;
const COUNTS = ['calls', 'attempts', 'recovered'] as const;

type Told = CountedCell[(typeof TOLD)[number]];
/** What few cells have, by the place of the cell. */
type Rare = readonly [at: number, fields: Pick<CountedCell, 'tokens' | 'stated'>];

export interface PackedCounted {
  /** In the order of `TOLD`: the values, and for each cell the place of its value. */
  readonly values: readonly (readonly Told[])[];
  readonly places: readonly (readonly number[])[];
  /** In the order of `COUNTS`. */
  readonly counts: readonly (readonly number[])[];
  readonly rare: readonly Rare[];
}

export function packCounted(cells: readonly CountedCell[]): PackedCounted {
  const columns = TOLD.map((field) => {
    const known = new Map<Told, number>();
    const places = cells.map((cell) => {
      const place = known.get(cell[field]) ?? known.size;
      known.set(cell[field], place);
      return place;
    });
    return { values: [...known.keys()], places };
  });
  return {
    values: columns.map(({ values }) => values),
    places: columns.map(({ places }) => places),
    counts: COUNTS.map((field) => cells.map((cell) => cell[field])),
    rare: cells.flatMap(({ tokens, stated }, at): Rare[] =>
      tokens === undefined && stated === undefined
        ? []
        : [[at, { ...(tokens === undefined ? {} : { tokens }), ...(stated === undefined ? {} : { stated }) }]],
    ),
  };
}

/** A list of cells is how they were kept before. */
export function unpackCounted(packed: PackedCounted | readonly CountedCell[]): readonly CountedCell[] {
  if (isList(packed)) return packed;
  const { values, places, counts, rare } = packed;
  const told = <Field extends (typeof TOLD)[number]>(field: Field): ((at: number) => CountedCell[Field]) => {
    const column = TOLD.indexOf(field);
    const [own = [], where = []] = [values[column], places[column]];
    return (at) => own[where[at] as number] as CountedCell[Field];
  };
  const [kind, status, cause, model] = [told('kind'), told('status'), told('cause'), told('model')];
  const [provider, tenant, project] = [told('provider'), told('tenant'), told('project')];
  const [key, logGroup, firstMs, lastMs] = [told('key'), told('logGroup'), told('firstMs'), told('lastMs')];
  const [calls = [], attempts = [], recovered = []] = counts;
  // Written out: an object built field by field from a list of names takes ten times as long.
  const cells = calls.map(
    (n, at): CountedCell => ({
      kind: kind(at),
      status: status(at),
      cause: cause(at),
      model: model(at),
      provider: provider(at),
      tenant: tenant(at),
      project: project(at),
      key: key(at),
      logGroup: logGroup(at),
      calls: n,
      attempts: attempts[at] as number,
      recovered: recovered[at] as number,
      firstMs: firstMs(at),
      lastMs: lastMs(at),
    }),
  );
  for (const [at, fields] of rare) cells[at] = { ...(cells[at] as CountedCell), ...fields };
  return cells;
}

const isList = (packed: PackedCounted | readonly CountedCell[]): packed is readonly CountedCell[] =>
  Array.isArray(packed);
