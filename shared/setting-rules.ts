/** Reads what a team adds (`own.ts`), with everything that is wrong with it. */
import { CAUSES, isCauseId } from './causes.ts';
import { OWN_FIELDS, OWN_KINDS, type Own, type OwnFields, type OwnRule, type OwnShape } from './own.ts';
import type { Read, Reader } from './setting-values.ts';
import { readPattern } from './text-pattern.ts';

/** A function's environment holds 4 KB in all: https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html */
export const MAX_OWN_BYTES = 2048;

/** Says when there is too much of it to travel to a function. */
export function tooLarge({ rules, shapes, fields, services }: Own): string[] {
  const bytes = new TextEncoder().encode(JSON.stringify({ rules, shapes, fields, services })).length;
  if (bytes <= MAX_OWN_BYTES) return [];
  return [
    `rules, shapes, fields and services: together ${bytes} bytes, and a function's environment has room for ${MAX_OWN_BYTES} of them; shorten texts, or leave out rules that no longer match anything`,
  ];
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9._:/@+-]{0,127}$/;
const LABEL = /^[a-z0-9][a-z0-9-]{0,39}$/;
const CLASS = /^[\w.$-]{1,80}$/;

type Fields = Readonly<Record<string, unknown>>;
const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const shown = (value: unknown): string => {
  const text = JSON.stringify(value) ?? typeof value;
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
};
const answer = <T>(problems: readonly string[], value: T): Read<T> => {
  const [first, ...rest] = problems;
  return first === undefined ? { value } : { problems: [first, ...rest] };
};

/** One check per key of an object; what is missing, wrong and unknown is all said. */
type Checks = Readonly<Record<string, (value: unknown) => string | null>>;

function problemsOf(fields: Fields, checks: Checks, needed: readonly string[], where: string): string[] {
  const known = Object.keys(checks).join(', ');
  return [
    ...needed.filter((name) => fields[name] === undefined).map((name) => `${where}no ${name}`),
    ...Object.entries(fields).flatMap(([name, value]) => {
      const check = Object.hasOwn(checks, name) ? checks[name] : undefined;
      if (check === undefined) return [`${where}unknown ${shown(name)}; known are ${known}`];
      const problem = value === undefined ? null : check(value);
      return problem === null ? [] : [`${where}${name} ${problem}`];
    }),
  ];
}

const matches = (pattern: RegExp, must: string) => (value: unknown) =>
  typeof value === 'string' && pattern.test(value) ? null : `${shown(value)} is not ${must}`;
const label = matches(LABEL, 'a name of small letters, digits and hyphens, at most 40');
const name = matches(NAME, 'a plain name');

const textOf =
  (fields: readonly string[]) =>
  (value: unknown): string | null => {
    if (typeof value !== 'string' || value.length > 200)
      return `${shown(value)} is not a text of at most 200 characters`;
    const read = readPattern(value, fields);
    return typeof read === 'string' ? `${shown(value)} ${read}` : null;
  };

const status = (value: unknown): string | null =>
  value === 'none' || (typeof value === 'number' && Number.isInteger(value) && value >= 100 && value <= 599)
    ? null
    : `${shown(value)} is not a status from 100 to 599, nor "none"`;

const CONDITIONS: Checks = {
  text: textOf([]),
  status,
  type: matches(CLASS, 'the type or code of an error'),
  class: matches(CLASS, 'the name of an error class'),
  shape: label,
  ...{ provider: name, model: name, service: name },
};

const cause = (value: unknown): string | null =>
  typeof value === 'string' && isCauseId(value)
    ? null
    : `${shown(value)} is not a cause; the causes are ${CAUSES.map(({ id }) => id).join(', ')}`;

const RULE: Checks = {
  name: label,
  when: (value) => (isObject(value) ? null : `${shown(value)} is not an object like {"text": "house limit *"}`),
  cause,
};
const SHAPE: Checks = {
  name: label,
  text: textOf(OWN_FIELDS),
  kind: (value) =>
    OWN_KINDS.some((kind) => kind === value) ? null : `${shown(value)} is not one of ${OWN_KINDS.join(', ')}`,
};

/** A list of objects, each with a name of its own. Values come from a file that a person wrote, so nothing is trusted. */
function list<T>(like: string, problemsIn: (item: Fields, where: string) => string[]): Reader<readonly T[]> {
  return (input) => {
    if (!Array.isArray(input) || !input.every(isObject))
      return { problems: [`${shown(input)} is not a list like [${like}]; write it in gridwatch.json`] };
    const names = input.map((item) => item['name']);
    const twice = [...new Set(names.filter((one, at) => one !== undefined && names.indexOf(one) !== at))];
    const problems = [
      ...input.flatMap((item, at) =>
        problemsIn(item, `${typeof item['name'] === 'string' ? shown(item['name']) : `number ${at + 1}`}: `),
      ),
      ...twice.map((one) => `two are called ${shown(one)}; rename one`),
    ];
    // Checked key by key above.
    return answer(problems, input as unknown as readonly T[]);
  };
}

export const rules = list<OwnRule>(
  '{"name": "house-limit", "when": {"text": "house limit *"}, "cause": "rate_limit_requests"}',
  (item, where) => {
    const own = problemsOf(item, RULE, ['name', 'when', 'cause'], where);
    if (!isObject(item['when'])) return own;
    const empty =
      Object.keys(item['when']).length === 0 ? [`${where}when is empty, so it would match every failure`] : [];
    return [...own, ...problemsOf(item['when'], CONDITIONS, [], `${where}when: `), ...empty];
  },
);

export const shapes = list<OwnShape>(
  '{"name": "house-gateway", "text": "HGW * model {model} answered {status}"}',
  (item, where) => problemsOf(item, SHAPE, ['name', 'text'], where),
);

export const fields: Reader<OwnFields> = (input) => {
  if (!isObject(input))
    return {
      problems: [`${shown(input)} is not an object like {"model": ["llm.deployment"]}; write it in gridwatch.json`],
    };
  const isNames = (value: unknown): boolean =>
    Array.isArray(value) &&
    value.length > 0 &&
    value.every((one) => typeof one === 'string' && /^[\w.@-]{1,60}$/.test(one));
  const checks: Checks = Object.fromEntries(
    OWN_FIELDS.map((field) => [
      field,
      (value) => (isNames(value) ? null : `${shown(value)} is not a list of names of fields`),
    ]),
  );
  return answer(problemsOf(input, checks, [], ''), input as OwnFields);
};

export const services: Reader<readonly string[]> = (input) => {
  const items = typeof input === 'string' ? input.split(',').map((item) => item.trim()) : input;
  if (!Array.isArray(items)) return { problems: [`${shown(input)} is not a list of service names`] };
  return answer(
    items.flatMap((item) => name(item) ?? []),
    items as readonly string[],
  );
};
