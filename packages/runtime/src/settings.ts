import { z } from 'zod';
import type { LogLevel } from './log.ts';
import { similarName } from './similar-name.ts';

const PREFIX = 'IRISVUE_';

/** One knob: the variable it is read from, its rule, its default and what it is for. */
export interface Setting<T> {
  readonly env: string;
  readonly schema: z.ZodType<T>;
  readonly default: string | undefined;
  readonly secret: boolean;
  readonly doc: string;
}

/** Settings of a service, by the names that the code uses. */
export type Settings = Readonly<Record<string, Setting<unknown>>>;

/** The values of declared settings. */
export type SettingValues<S extends Settings> = {
  readonly [K in keyof S]: S[K] extends Setting<infer T> ? T : never;
};

/** Settings cannot be read. Holds every problem at once, one sentence each. */
export class SettingsError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`settings cannot be read:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
    this.name = 'SettingsError';
    this.problems = problems;
  }
}

/**
 * Declares a knob. `schema` is given the variable's text. Without a default the variable must be set, unless the
 * schema accepts undefined. `doc` says what it is, its unit and range; the value of a `secret` is never printed.
 */
export function setting<T>(
  env: string,
  schema: z.ZodType<T>,
  o: { readonly default?: string; readonly secret?: boolean; readonly doc: string },
): Setting<T> {
  return { env, schema, default: o.default, secret: o.secret ?? false, doc: o.doc };
}

/**
 * Reads declared settings from the environment into a frozen object. A variable that is empty counts as not set.
 * Throws SettingsError with all problems: missing, malformed, and IRISVUE_ names that look like a slip of the pen.
 */
export function loadSettings<S extends Settings>(
  declared: S,
  env: Readonly<Record<string, string | undefined>> = process.env,
): SettingValues<S> {
  const problems: string[] = [];
  const values: Record<string, unknown> = {};
  for (const [name, knob] of Object.entries(declared)) {
    const given = env[knob.env]?.trim();
    const text = given === undefined || given === '' ? knob.default : given;
    const parsed = knob.schema.safeParse(text);
    if (parsed.success) {
      values[name] = parsed.data;
    } else {
      problems.push(describeProblem(knob, text, parsed.error));
    }
  }
  problems.push(...misspelt(declared, env));
  if (problems.length > 0) {
    throw new SettingsError(problems);
  }
  return Object.freeze(values) as SettingValues<S>;
}

/** Lines of `.env.example` for declared settings: what each is for, then the variable with its default. */
export function renderEnvExample(declared: Settings): string[] {
  return Object.values(declared).flatMap((knob) => {
    const optional = knob.default !== undefined || knob.schema.safeParse(undefined).success;
    const line = `${knob.env}=${knob.secret ? '' : (knob.default ?? '')}`;
    return [`# ${knob.doc}${optional ? '' : ' Required.'}`, optional ? `# ${line}` : line];
  });
}

function describeProblem(knob: Setting<unknown>, text: string | undefined, error: z.ZodError): string {
  if (text === undefined) {
    return `${knob.env} is not set: ${knob.doc}`;
  }
  const reasons = error.issues.map((issue) => issue.message).join('; ');
  return knob.secret ? `${knob.env} is malformed` : `${knob.env}=${JSON.stringify(text)}: ${reasons}`;
}

function misspelt(declared: Settings, env: Readonly<Record<string, string | undefined>>): string[] {
  const known = Object.values(declared).map((knob) => knob.env);
  return Object.keys(env)
    .filter((name) => name.startsWith(PREFIX) && !known.includes(name))
    .flatMap((name) => {
      const meant = similarName(name.slice(PREFIX.length), known.filter(startsWithPrefix).map(withoutPrefix));
      return meant === undefined ? [] : [`${name} is not a setting; did you mean ${PREFIX}${meant}?`];
    });
}

const startsWithPrefix = (name: string): boolean => name.startsWith(PREFIX);
const withoutPrefix = (name: string): string => name.slice(PREFIX.length);

/** The port that a server listens on. 0 lets the system choose. */
export function portSetting(port: number): Setting<number> {
  return setting('IRISVUE_PORT', z.coerce.number().int().min(0).max(65535), {
    default: String(port),
    doc: 'Port that the service listens on, 0 to 65535; 0 lets the system choose.',
  });
}

const baseUrl = z.url({ protocol: /^https?$/ }).transform((url) => url.replace(/\/+$/, ''));

/** The base URL of a peer, without a slash at the end. */
export function urlSetting(env: string, o: { readonly default?: string; readonly doc: string }): Setting<string> {
  return setting(env, baseUrl, o);
}

/**
 * The base URL of a peer that is called through createServiceClient alone, or those of its replicas, separated by
 * commas, for replicas that no name stands for.
 */
export function replicaUrlsSetting(
  env: string,
  o: { readonly default?: string; readonly doc: string },
): Setting<string> {
  const schema = z
    .string()
    .transform((urls) => urls.split(',').map((url) => url.trim()))
    .pipe(z.array(baseUrl))
    .transform((urls) => urls.join(','));
  return setting(env, schema, { ...o, doc: `${o.doc} Several replicas without one name: URLs separated by commas.` });
}

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const satisfies LogLevel[];

/** What every server knows. Spread it into a service's own settings, and give `port: portSetting(…)` there. */
export const serverSettings = {
  env: setting('IRISVUE_ENV', z.enum(['development', 'production', 'test']), {
    default: 'development',
    doc: 'development, production or test.',
  }),
  host: setting('IRISVUE_HOST', z.string().min(1), {
    default: '127.0.0.1',
    doc: 'Address to listen on; 0.0.0.0 in a container.',
  }),
  port: portSetting(0),
  logLevel: setting('IRISVUE_LOG_LEVEL', z.enum(LOG_LEVELS), {
    default: 'info',
    doc: `Least level that is logged: ${LOG_LEVELS.join(', ')}.`,
  }),
  traceFile: setting('IRISVUE_TRACE_FILE', z.string().optional(), {
    doc: 'File that each ended span is appended to as one JSON line. Not set: none.',
  }),
  otlpUrl: setting('IRISVUE_OTLP_URL', z.url().optional(), {
    doc: 'OTLP/HTTP endpoint for traces, for example http://collector:4318/v1/traces. Not set: none.',
  }),
  metricsPort: setting('IRISVUE_METRICS_PORT', z.coerce.number().int().min(0).max(65535).optional(), {
    doc: 'Port of GET /metrics, in Prometheus form; not for the outside. 0 lets the system choose. Not set: none.',
  }),
};
