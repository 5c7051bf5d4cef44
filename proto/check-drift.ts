/**
 * Ends with 1 when what is committed is not what would be made from its source:
 * 1) packages/contracts/gen, from the contracts by buf and protoc-gen-es;
 * 2) vendor/protovalidate, which must say the same as the descriptor that the installed @bufbuild/protovalidate holds.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, relative, resolve } from 'node:path';
import { clone, createRegistry, fromBinary, toJsonString } from '@bufbuild/protobuf';
import { type FileDescriptorProto, FileDescriptorProtoSchema, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { file_buf_validate_validate as embedded } from '@bufbuild/protovalidate/gen/buf/validate/validate_pb.js';

const root = resolve(import.meta.dirname, '..');
const programs = join(root, 'node_modules', '.bin'); // where buf finds its plugin

function buf(...args: string[]): void {
  const env = { ...process.env, PATH: `${programs}${delimiter}${process.env['PATH']}` };
  execFileSync(join(programs, 'buf'), args, { cwd: root, env, stdio: ['ignore', 'inherit', 'inherit'] });
}

function generatedDrift(scratch: string): string[] {
  buf('generate', '--output', scratch);
  const made = filesIn(join(scratch, 'packages/contracts/gen'));
  const committed = filesIn(join(root, 'packages/contracts/gen'));
  const names = [...new Set([...made.keys(), ...committed.keys()])].sort();
  return names
    .filter((name) => made.get(name) !== committed.get(name))
    .map((name) => `packages/contracts/gen/${name} is not what the contracts say; run: pnpm generate`);
}

function filesIn(folder: string): Map<string, string> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(
    entries.map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return [relative(folder, path), readFileSync(path, 'utf8')];
    }),
  );
}

function vendoredDrift(scratch: string): string[] {
  const image = join(scratch, 'validate.binpb');
  buf('build', 'vendor/protovalidate', '--exclude-source-info', '--output', image);
  const { file } = fromBinary(FileDescriptorSetSchema, readFileSync(image));
  const vendored = file.find((one) => one.name === embedded.proto.name);
  if (vendored && text(vendored) === text(embedded.proto)) return [];
  return ['vendor/protovalidate differs from the installed @bufbuild/protovalidate; print it anew'];
}

/** All of a file, the rules that are options of options included, as comparable text. */
function text(file: FileDescriptorProto): string {
  return toJsonString(FileDescriptorProtoSchema, bare(file), { registry: createRegistry(embedded) });
}

/** Without what compilers add: names in JSON, and where things stand in the source. */
function bare(file: FileDescriptorProto): FileDescriptorProto {
  const copy = clone(FileDescriptorProtoSchema, file);
  copy.sourceCodeInfo = undefined;
  const strip = (messages: typeof copy.messageType): void => {
    for (const message of messages) {
      for (const field of [...message.field, ...message.extension]) field.jsonName = '';
      strip(message.nestedType);
    }
  };
  strip(copy.messageType);
  for (const field of copy.extension) field.jsonName = '';
  return copy;
}

const scratch = mkdtempSync(join(tmpdir(), 'irisvue-drift-'));
try {
  const drift = [...generatedDrift(scratch), ...vendoredDrift(scratch)];
  for (const line of drift) console.error(line);
  process.exitCode = drift.length > 0 ? 1 : 0;
} finally {
  rmSync(scratch, { recursive: true });
}
