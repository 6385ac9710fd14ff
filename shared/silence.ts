/**
 * A silence: a person's request not to be told, about what, why and until when. The alert still exists, is judged and shown;
 * only nothing is sent. It always ends: what is still failing then is told.
 */
import { createHash } from 'node:crypto';
import type { Alert } from './alert.ts';
import { CAUSES, causeById } from './causes.ts';
import { changeDocument } from './change.ts';
import { GROUPS } from './detect.ts';
import { FILTERS, type Filters, isOpen, type Maintenance, nameOf } from './maintenance.ts';
import type { Store, Versioned } from './ports.ts';
import { dimension, redact } from './redact.ts';
import { DAY_MS } from './window.ts';

export interface Silence {
  /** Function of what is silenced, when, why and by whom: asking twice is asking once. */
  readonly id: string;
  /** All must fit; none: everything. */
  readonly filters: Filters;
  readonly reason: string;
  readonly fromMs: number;
  readonly untilMs: number;
  readonly createdMs: number;
  /** When a person ended it early. */
  readonly endedMs: number | null;
  readonly by: string | null;
}

/** What a person asks for. To silence everything is to say `filters: {}`, not to leave it out. */
export interface NewSilence extends Pick<Silence, 'filters' | 'reason' | 'fromMs' | 'untilMs'> {
  readonly by?: string | null;
}

/** What of an alert a silence looks at. */
export type Silenced = Pick<Alert, 'group' | 'scope' | 'causes' | 'blastRadius'>;

/** Longer than a month nobody remembers why; what never matters is a matter for the settings. */
export const LONGEST_SILENCE_MS = 30 * DAY_MS;
/** An alert belongs to what is silenced when nearly all of its failures do. */
const NEARLY_ALL = 0.95;
const LONGEST_TEXT = 200;

/**
 * Whether a silence is about an alert. A wider incident is not silenced by what is only a part of it: an outage of the
 * provider is told though one of its models is silenced.
 */
export function matches(
  { filters }: Pick<Silence, 'filters'>,
  { group, scope, causes, blastRadius }: Silenced,
): boolean {
  const lead = causes[0];
  const ofLead: Filters = lead
    ? {
        cause: lead.cause,
        status: lead.status === null ? 'none' : String(lead.status),
        category: causeById(lead.cause)?.category ?? '',
      }
    : {};
  return FILTERS.every((field) => {
    const wanted = filters[field];
    if (wanted === undefined) return true;
    if (field === 'group') return group === wanted;
    if (field === 'cause' || field === 'status' || field === 'category') return ofLead[field] === wanted;
    const holds = blastRadius.filter(({ share }) => share >= NEARLY_ALL).map((hit) => hit.scope);
    return [scope, ...holds].some(({ by, value }) => by === field && value === wanted);
  });
}

export const isInEffect = ({ fromMs, untilMs, endedMs }: Silence, atMs: number): boolean =>
  fromMs <= atMs && atMs < Math.min(untilMs, endedMs ?? untilMs);

/** What keeps an alert quiet at a time: the id of a silence, the name of a maintenance window, or null. */
export function silencer(
  silences: readonly Silence[],
  windows: readonly Maintenance[],
  atMs: readonly number[],
): (alert: Silenced) => string | null {
  const given = silences.filter((silence) => atMs.some((ms) => isInEffect(silence, ms)));
  const recurring = windows.filter((window) => atMs.some((ms) => isOpen(window, ms)));
  return (alert) => {
    const silence = given.find((it) => matches(it, alert));
    const window = silence ? undefined : recurring.find((it) => matches(it, alert));
    return silence?.id ?? (window ? nameOf(window) : null);
  };
}

// Asking for one, and ending it.

export interface SilenceProblem {
  readonly parameter: string;
  readonly detail: string;
}

const CHOICES: Readonly<Partial<Record<keyof Filters, readonly string[]>>> = {
  cause: CAUSES.map(({ id }) => id),
  category: ['request', 'throttle', 'transient', 'connection'],
  group: GROUPS,
};

/** A name that can stand in an alert: what looks like a secret never does, and is not stored here either. */
const isShown = (name: string, value: string): boolean =>
  name === 'logGroup' ? /^[.\-_/#A-Za-z0-9]{1,512}$/.test(value) : dimension(value, '') === value;

/** Everything that is wrong with what was asked for. */
export function silenceProblems(asked: NewSilence, nowMs: number): SilenceProblem[] {
  const { filters, reason, fromMs, untilMs, by = null } = asked;
  const given = FILTERS.flatMap((name) => (filters[name] === undefined ? [] : [[name, filters[name]] as const]));
  const checks: [string, boolean, string][] = [
    ...given.map(([name, value]): [string, boolean, string] => {
      const choices = CHOICES[name];
      const fits = choices ? choices.includes(value) : isShown(name, value);
      return [name, fits, choices ? `must be one of ${choices.join(', ')}` : 'must be a name as alerts show it'];
    }),
    [
      'status',
      filters.status === undefined || /^(?:[1-5]\d\d|none)$/.test(filters.status),
      'must be like 429, or none',
    ],
    [
      'reason',
      reason.trim() !== '' && reason.length <= LONGEST_TEXT,
      `must say why, in at most ${LONGEST_TEXT} characters`,
    ],
    ['by', by === null || by.length <= LONGEST_TEXT, `must have at most ${LONGEST_TEXT} characters`],
    ['from', Number.isFinite(fromMs) && fromMs < untilMs, 'must be before until'],
    ['until', Number.isFinite(untilMs) && untilMs > nowMs, 'must be in the future: a silence always ends'],
    ['until', !(untilMs > nowMs + LONGEST_SILENCE_MS), 'must be within 30 days'],
  ];
  return checks.flatMap(([parameter, isGood, detail]) =>
    isGood ? [] : [{ parameter, detail: `${parameter} ${detail}.` }],
  );
}

const PREFIX = 'silence/';

const clean = (text: string): string =>
  redact(text.toWellFormed())
    .replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ')
    .trim();
const listed = ({ value }: Versioned): Silence => value as Silence;

/** Every silence kept, also those that are over (they go after a while), newest first. */
export async function silences(store: Store): Promise<Silence[]> {
  return (await store.list(PREFIX)).map(listed).sort((a, b) => b.createdMs - a.createdMs || (a.id < b.id ? -1 : 1));
}

/** Adds what `silenceProblems` has nothing against; asking for the same again changes nothing, or begins it anew if it was ended. */
export async function addSilence(store: Store, asked: NewSilence, nowMs: number): Promise<Silence> {
  const { fromMs, untilMs } = asked;
  const filters: Filters = Object.fromEntries(
    FILTERS.flatMap((name) => (asked.filters[name] === undefined ? [] : [[name, asked.filters[name]]])),
  );
  const [reason, by] = [clean(asked.reason), asked.by ? clean(asked.by) : null];
  const content = JSON.stringify([filters, fromMs, untilMs, reason, by]);
  const id = createHash('sha256').update(content).digest('hex').slice(0, 12);
  const silence: Silence = { id, filters, reason, fromMs, untilMs, createdMs: nowMs, endedMs: null, by };
  return change(store, id, (known) => (known === null || known.endedMs !== null ? silence : known));
}

/** Ends a silence now; one that is over stays as it is. Null: there is none of this id. */
export async function endSilence(store: Store, id: string, nowMs: number): Promise<Silence | null> {
  const isOver = ({ endedMs, untilMs }: Silence): boolean => endedMs !== null || untilMs <= nowMs;
  return change(store, id, (known) => (known === null || isOver(known) ? known : { ...known, endedMs: nowMs }));
}

const change = <Wanted extends Silence | null>(
  store: Store,
  id: string,
  next: (known: Silence | null) => Wanted,
): Promise<Wanted> => changeDocument(store, `${PREFIX}${id}`, next, { name: `Silence ${id}`, advice: 'ask again' });
