import type { AnyDesc, DescEnum, DescExtension, DescFile, DescMessage, DescService } from '@bufbuild/protobuf';
import { nestedTypes } from '@bufbuild/protobuf/reflect';

/** Everything that a reflection client may ask for, found once when the server starts. */
export interface DescriptorIndex {
  /** Fully-qualified names of the listed services, sorted. */
  readonly services: readonly string[];
  /** Files by the path they are imported by, dependencies included. */
  readonly files: ReadonlyMap<string, DescFile>;
  /** The file that declares a symbol: message, field, oneof, enum, enum value, extension, service or method. */
  readonly symbols: ReadonlyMap<string, DescFile>;
  /** For each message that is known: the file of each extension of it, by field number. */
  readonly extensions: ReadonlyMap<string, ReadonlyMap<number, DescFile>>;
}

/** Indexes the files of `services` and, transitively, all that they import. */
export function indexDescriptors(services: readonly DescService[]): DescriptorIndex {
  const files = new Map<string, DescFile>();
  const symbols = new Map<string, DescFile>();
  const extensions = new Map<string, Map<number, DescFile>>();
  for (const service of services) {
    for (const file of withDependencies(service.file)) {
      files.set(protoPath(file), file);
    }
  }
  for (const file of files.values()) {
    for (const type of nestedTypes(file)) {
      for (const name of symbolsOf(type)) {
        symbols.set(name, file);
      }
      if (type.kind === 'message' && !extensions.has(type.typeName)) {
        extensions.set(type.typeName, new Map());
      }
      if (type.kind === 'extension') {
        const numbers = extensions.get(type.extendee.typeName) ?? new Map<number, DescFile>();
        extensions.set(type.extendee.typeName, numbers.set(type.number, file));
      }
    }
  }
  return { services: [...new Set(services.map((service) => service.typeName))].sort(), files, symbols, extensions };
}

/** The file and all that it imports, each once and before its own imports: read backwards, they can be linked. */
export function withDependencies(file: DescFile): DescFile[] {
  const visited = new Set<string>();
  const importsFirst: DescFile[] = [];
  const visit = (each: DescFile): void => {
    if (!visited.has(protoPath(each))) {
      visited.add(protoPath(each));
      each.dependencies.forEach(visit);
      importsFirst.push(each);
    }
  };
  visit(file);
  return importsFirst.reverse();
}

/** Path as import statements write it, with ".proto" (DescFile.name comes without). */
export function protoPath(file: DescFile): string {
  return file.proto.name;
}

function symbolsOf(type: DescMessage | DescEnum | DescExtension | DescService): string[] {
  switch (type.kind) {
    case 'message':
      return [
        type.typeName,
        ...type.fields.map((field) => `${type.typeName}.${field.name}`),
        ...type.oneofs.map((oneof) => `${type.typeName}.${oneof.name}`),
      ];
    case 'enum': {
      // An enum's values live in the scope around the enum, as in C++.
      const scope = scopeOf(type);
      return [type.typeName, ...type.values.map((value) => (scope === '' ? value.name : `${scope}.${value.name}`))];
    }
    case 'extension':
      return [type.typeName];
    case 'service':
      return [type.typeName, ...type.methods.map((method) => `${type.typeName}.${method.name}`)];
    default:
      return unreachable(type);
  }
}

function scopeOf(type: DescEnum): string {
  return type.parent?.typeName ?? type.file.proto.package;
}

function unreachable(type: never): never {
  throw new Error(`a kind of descriptor that is not known: ${(type as AnyDesc).kind}`);
}
