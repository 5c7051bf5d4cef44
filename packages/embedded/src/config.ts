/** What the mesh on this machine reads from the environment; all else that starts with IRISVUE_ goes to the services. */
export interface MeshConfig {
  /** PostgreSQL to use instead of an own one, without a database: postgres://user:password@host:port. */
  readonly postgresUrl?: string;
  readonly natsUrl?: string;
  readonly redisUrl?: string;
  /** Object store to use instead of an own one: s3://… or file://… */
  readonly storageUrl?: string;
  readonly env: 'development' | 'production' | 'test';
  /** Settings of the services, by variable, without those that the mesh sets for each of them. */
  readonly passedOn: Readonly<Record<string, string>>;
  /** The rest of the environment: PATH, certificates, proxies … */
  readonly surroundings: Readonly<Record<string, string>>;
}

const PREFIX = 'IRISVUE_';

// Of the mesh itself, of the command or of the tests: a service would take some of them for a slip of the pen.
const NOT_PASSED_ON = new Set([
  ...['IRISVUE_ENV', 'IRISVUE_HOST', 'IRISVUE_PORT', 'IRISVUE_HOME', 'IRISVUE_PORT_BASE', 'IRISVUE_GATEWAY_URL'],
  ...['IRISVUE_POSTGRES_URL', 'IRISVUE_NATS_URL', 'IRISVUE_REDIS_URL', 'IRISVUE_STORAGE_URL', 'IRISVUE_DATABASE_URL'],
  ...['IRISVUE_MASTER_SECRET', 'IRISVUE_SERVICE_SECRET', 'IRISVUE_KEY_SECRET', 'IRISVUE_LINK_SECRET'],
  ...['IRISVUE_METRICS_PORT', 'IRISVUE_CHAOS_ROUNDS', 'IRISVUE_CHAOS_SEED', 'IRISVUE_SCENE', 'IRISVUE_MODEL_REGISTRY'],
]);

/** Throws an Error with all problems, naming the variables. */
export function readMeshConfig(env: NodeJS.ProcessEnv = process.env): MeshConfig {
  const problems: string[] = [];
  const url = (name: string, protocols: readonly string[]): string | undefined => {
    const text = env[name]?.trim();
    if (!text) return undefined;
    const allowed = protocols.some((p) => text.startsWith(`${p}://`)) && URL.canParse(text);
    if (!allowed)
      problems.push(`${name} must be a URL that starts with ${protocols.map((p) => `${p}://`).join(' or ')}`);
    return text;
  };
  const postgresUrl = url('IRISVUE_POSTGRES_URL', ['postgres', 'postgresql']);
  if (postgresUrl && URL.canParse(postgresUrl) && new URL(postgresUrl).pathname.length > 1)
    problems.push('IRISVUE_POSTGRES_URL must not name a database: each service has its own');
  const mode = env['IRISVUE_ENV'] || 'development';
  if (mode !== 'development' && mode !== 'production' && mode !== 'test')
    problems.push('IRISVUE_ENV must be development, production or test');
  const config: MeshConfig = {
    postgresUrl,
    natsUrl: url('IRISVUE_NATS_URL', ['nats', 'tls']),
    redisUrl: url('IRISVUE_REDIS_URL', ['redis', 'rediss']),
    storageUrl: url('IRISVUE_STORAGE_URL', ['s3', 'file']),
    env: mode as MeshConfig['env'],
    passedOn: pick(env, (name) => name.startsWith(PREFIX) && !NOT_PASSED_ON.has(name)),
    surroundings: pick(env, (name) => !name.startsWith(PREFIX)),
  };
  if (problems.length > 0) throw new Error(problems.join('\n'));
  return config;
}

/** The environment for another process, with more on top. */
export function environmentWith(more: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  return { ...process.env, ...more };
}

function pick(env: NodeJS.ProcessEnv, wanted: (name: string) => boolean): Record<string, string> {
  return Object.fromEntries(Object.entries(env).flatMap(([k, v]) => (v !== undefined && wanted(k) ? [[k, v]] : [])));
}
