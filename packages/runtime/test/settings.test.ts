import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  loadSettings,
  portSetting,
  renderEnvExample,
  replicaUrlsSetting,
  SettingsError,
  serverSettings,
  setting,
  urlSetting,
} from '../src/index.ts';

const declared = {
  ...serverSettings,
  port: portSetting(8083),
  jobsUrl: urlSetting('IRISVUE_JOBS_URL', { default: 'http://127.0.0.1:8083', doc: 'URL of jobs.' }),
  slots: setting('IRISVUE_SLOTS', z.coerce.number().int().min(1).max(64), { default: '1', doc: 'Slots, 1 to 64.' }),
  secret: setting('IRISVUE_SERVICE_SECRET', z.string().min(16), { secret: true, doc: 'Own secret.' }),
};
const SECRET = { IRISVUE_SERVICE_SECRET: '0123456789abcdef' };

function problemsOf(env: Record<string, string>): readonly string[] {
  try {
    loadSettings(declared, env);
  } catch (error) {
    if (error instanceof SettingsError) {
      return error.problems;
    }
    throw error;
  }
  return [];
}

describe('loadSettings', () => {
  it('gives defaults, typed and frozen', () => {
    const values = loadSettings(declared, SECRET);
    expect(values).toMatchObject({ env: 'development', host: '127.0.0.1', port: 8083, logLevel: 'info', slots: 1 });
    expect(values.traceFile).toBeUndefined();
    expect(Object.isFrozen(values)).toBe(true);
  });

  it('reads what is set, trims it and takes an empty variable for one that is not set', () => {
    const values = loadSettings(declared, {
      ...SECRET,
      IRISVUE_PORT: ' 9000 ',
      IRISVUE_JOBS_URL: 'http://jobs:8083/',
      IRISVUE_SLOTS: '',
    });
    expect(values).toMatchObject({ port: 9000, jobsUrl: 'http://jobs:8083', slots: 1 });
  });

  it('reads the URLs of replicas, and refuses the list for one that is none', () => {
    const visionUrl = { visionUrl: replicaUrlsSetting('IRISVUE_VISION_URL', { doc: 'URL of vision.' }) };
    const read = (text: string) => loadSettings(visionUrl, { IRISVUE_VISION_URL: text }).visionUrl;
    expect(read('http://one:1/, https://other')).toBe('http://one:1,https://other');
    expect(read('http://one:1')).toBe('http://one:1');
    expect(() => read('http://one:1,other')).toThrow('IRISVUE_VISION_URL');
    expect(() => read('http://one:1,')).toThrow('IRISVUE_VISION_URL');
  });

  it('tells every problem at once', () => {
    const problems = problemsOf({ IRISVUE_PORT: '99999', IRISVUE_SLOTS: 'many', IRISVUE_JOBS_URL: 'ftp://jobs' });
    expect(problems).toHaveLength(4);
    expect(problems[0]).toContain('IRISVUE_PORT="99999"');
    expect(problems[1]).toContain('IRISVUE_JOBS_URL="ftp://jobs"');
    expect(problems[2]).toContain('IRISVUE_SLOTS="many"');
    expect(problems[3]).toBe('IRISVUE_SERVICE_SECRET is not set: Own secret.');
  });

  it('never prints the value of a secret', () => {
    expect(problemsOf({ IRISVUE_SERVICE_SECRET: 'hunter2' })).toEqual(['IRISVUE_SERVICE_SECRET is malformed']);
  });

  it.each([
    ['IRISVUE_PROT', 'IRISVUE_PORT'],
    ['IRISVUE_SLOT', 'IRISVUE_SLOTS'],
    ['IRISVUE_LOGLEVEL', 'IRISVUE_LOG_LEVEL'],
    ['IRISVUE_SERVICE_SECERT', 'IRISVUE_SERVICE_SECRET'],
  ])('takes %s for a slip of %s', (name, meant) => {
    expect(problemsOf({ ...SECRET, [name]: 'x' })).toEqual([`${name} is not a setting; did you mean ${meant}?`]);
  });

  it.each(['IRISVUE_HOME', 'IRISVUE_REDIS_URL', 'IRISVUE_NATS_URL', 'IRISVUE_MODELS_DIR', 'PORT'])(
    'leaves %s, which is of somebody else, alone',
    (name) => {
      expect(problemsOf({ ...SECRET, [name]: 'x' })).toEqual([]);
    },
  );
});

describe('renderEnvExample', () => {
  it('documents each knob, comments out what has a default and hides secrets', () => {
    const lines = renderEnvExample({ slots: declared.slots, secret: declared.secret, traceFile: declared.traceFile });
    expect(lines).toEqual([
      '# Slots, 1 to 64.',
      '# IRISVUE_SLOTS=1',
      '# Own secret. Required.',
      'IRISVUE_SERVICE_SECRET=',
      '# File that each ended span is appended to as one JSON line. Not set: none.',
      '# IRISVUE_TRACE_FILE=',
    ]);
  });
});
