import './env.ts';
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Gridwatch } from '../../infra/gridwatch.ts';
import type { GridwatchProps } from '../../infra/props.ts';
import { GridwatchStack } from '../../infra/stack.ts';
import { readSettings } from '../../shared/settings-file.ts';

export const ROOT = join(import.meta.dirname, '../..');
export const FUNCTIONS = ['ingest', 'evaluate', 'redrive', 'query', 'slack'] as const;

/** Feature flags decide what CDK writes, so tests use the ones of cdk.json. */
export const CONTEXT: Record<string, unknown> = JSON.parse(readFileSync(join(ROOT, 'cdk.json'), 'utf8')).context;

/** Empty functions in place of built ones: what is deployed does not depend on what is in them. */
export function placeholders(root = mkdtempSync(join(tmpdir(), 'gridwatch-code-'))): string {
  for (const name of FUNCTIONS) {
    mkdirSync(join(root, name), { recursive: true });
    writeFileSync(join(root, name, 'index.js'), `exports.handler = async () => '${name}';\n`);
  }
  return root;
}
export const CODE_ROOT = placeholders();

/** Everything at once: every channel, two log groups. */
export const EVERYTHING = {
  logGroups: ['/aws/lambda/app-a', '/ecs/app-b'],
  email: 'oncall@example.com',
  slackWebhookSecret: 'gridwatch/slack',
  chat: 'T0123ABCD/C0456EFGH',
};

export const newApp = (outdir = mkdtempSync(join(tmpdir(), 'gridwatch-out-'))): App =>
  new App({ context: CONTEXT, outdir });

/** The stack of `cdk deploy` with these settings. */
export function deployed(input: Readonly<Record<string, unknown>>, app = newApp()): GridwatchStack {
  const { settings, problems } = readSettings(input, 'test');
  if (problems.length > 0) throw new Error(problems.join('\n'));
  return new GridwatchStack(app, 'Gridwatch', { settings, codeRoot: CODE_ROOT });
}

/** A Gridwatch in somebody else's stack. */
export function constructed(props: GridwatchProps | ((stack: Stack) => GridwatchProps)): {
  stack: Stack;
  gridwatch: Gridwatch;
} {
  const stack = new Stack(newApp(), 'Theirs');
  const own = typeof props === 'function' ? props(stack) : props;
  return { stack, gridwatch: new Gridwatch(stack, 'Watch', { codeRoot: CODE_ROOT, ...own }) };
}

// biome-ignore lint/suspicious/noExplicitAny: a template is JSON of many shapes, and tests look deep into it
export type Json = Readonly<Record<string, any>>;

export interface Resource {
  readonly Type: string;
  readonly Properties: Json;
  readonly DependsOn?: readonly string[];
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
}

export function resourcesOf(template: Template, type?: string): [id: string, resource: Resource][] {
  const all = Object.entries<Resource>(template.toJSON()['Resources']);
  return type === undefined ? all : all.filter(([, { Type }]) => Type === type);
}

export const of = (stack: Stack): Template => Template.fromStack(stack);

/** The only resource of a type whose logical id holds this text. */
export function one(template: Template, type: string, idPart = ''): Resource {
  const found = resourcesOf(template, type).filter(([id]) => id.includes(idPart));
  const [first] = found;
  if (found.length !== 1 || first === undefined) {
    throw new Error(`${found.length} resources of ${type} are called ${idPart}: ${found.map(([id]) => id).join(', ')}`);
  }
  return first[1];
}

/** A value with its references written as `<LogicalId.Attribute>`, so that it can be read and compared. */
export function flat(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  const [[kind, of] = ['', undefined]] = Object.entries(value);
  if (kind === 'Ref') return `<${of}>`;
  if (kind === 'Fn::GetAtt') return `<${(of as string[]).join('.')}>`;
  if (kind === 'Fn::Join') return (of as [string, unknown[]])[1].map(flat).join((of as [string, unknown[]])[0]);
  return JSON.stringify(value);
}

interface Statement {
  readonly Effect: string;
  readonly Action: string | string[];
  readonly Resource: unknown;
  readonly Condition?: unknown;
}

/** What the role of a function may do: `action on resource [if condition]`, sorted. */
export function allowances(template: Template, role: string): string[] {
  const policies = resourcesOf(template, 'AWS::IAM::Policy').filter(([, { Properties }]) =>
    Properties['Roles'].some((ref: unknown) => flat(ref).includes(`${role}Role`)),
  );
  return policies
    .flatMap(([, { Properties }]) => Properties['PolicyDocument'].Statement as Statement[])
    .flatMap(({ Effect, Action, Resource, Condition }) =>
      [Action].flat().flatMap((action) =>
        (Array.isArray(Resource) ? Resource : [Resource]).map((resource) => {
          const rule = `${Effect === 'Allow' ? '' : `${Effect} `}${action} on ${flat(resource)}`;
          return Condition === undefined ? rule : `${rule} if ${JSON.stringify(Condition)}`;
        }),
      ),
    )
    .map((rule) => rule.replace(/(?<=<[A-Za-z]+)[0-9A-F]{8}(?=[.>])/g, ''))
    .sort();
}
