import {
  create,
  type DescField,
  type DescMessage,
  type DescMethod,
  type Message,
  ScalarType,
} from '@bufbuild/protobuf';
import { type ReflectMessage, reflect } from '@bufbuild/protobuf/reflect';
import { v7 as uuidv7 } from 'uuid';
import type { Victim } from './victim.ts';

/**
 * Requests that name the victim's things in every field that takes an id, and are well-formed otherwise: one for each
 * alternative of a oneof. An id field that nothing of the victim's fits is an error: say in `Victim.ids` what belongs.
 */
export function foreignRequests(method: DescMethod, victim: Victim): Message[] {
  const alternatives = method.input.oneofs.filter((oneof) => oneof.fields.length > 1).flatMap((oneof) => oneof.fields);
  const choices = alternatives.length > 0 ? alternatives : [undefined];
  return choices.map((choice) => filled(method.input, { victim, service: method.parent.name }, choice).message);
}

interface Filling {
  readonly victim: Victim;
  /** Name of the service that is asked. */
  readonly service: string;
}

function filled(type: DescMessage, filling: Filling, choice?: DescField): ReflectMessage {
  const message = reflect(type, create(type));
  for (const field of type.fields) {
    const isLeftOut = (field.oneof?.fields.length ?? 0) > 1 && field !== choice;
    if (!isLeftOut) fill(message, field, filling);
  }
  return message;
}

function fill(message: ReflectMessage, field: DescField, filling: Filling): void {
  switch (field.fieldKind) {
    case 'message': // times and spans have defaults
      if (!field.message.typeName.startsWith('google.protobuf.')) message.set(field, filled(field.message, filling));
      return;
    case 'list':
      for (const item of itemsOf(field, filling)) message.get(field).add(item);
      return;
    case 'enum':
      message.set(field, WORDS[field.name] ?? field.enum.values[1]?.number);
      return;
    case 'scalar': {
      const word = wordOf(field, filling);
      if (word !== undefined) message.set(field, word);
      return;
    }
    case 'map':
      return;
  }
}

function itemsOf(field: DescField & { fieldKind: 'list' }, filling: Filling): unknown[] {
  if (field.listKind === 'message') return [filled(field.message, filling), filled(field.message, filling)];
  if (field.name === 'photo_ids') return [...filling.victim.photoIds];
  return field.name.endsWith('_ids') ? [wordOf(field, filling)] : [];
}

function wordOf(field: DescField, { victim, service }: Filling): unknown {
  if (field.name === 'request_id') return uuidv7();
  const isSubject = field.parent.typeName === 'irisvue.consent.v1.Subject';
  const name = isSubject && field.name === 'id' ? 'user_id' : field.name.replace(/_ids$/, '_id');
  const word = victim.ids[`${service}.${name}`] ?? victim.ids[name] ?? WORDS[name] ?? numberOf(field);
  if (word === undefined && /(^|_)id$/.test(name)) {
    throw new Error(`${field.parent.typeName}.${field.name}: nothing of the victim's fits`);
  }
  return word;
}

function numberOf(field: DescField): number | undefined {
  const isNumber = field.fieldKind === 'scalar' && [ScalarType.INT32, ScalarType.DOUBLE].includes(field.scalar);
  return isNumber ? 1 : undefined;
}

// What is no id, where the empty value would be refused before anybody asks who calls.
const WORDS: Readonly<Record<string, unknown>> = {
  access_token: 'x'.repeat(43),
  attempt: 1,
  client_name: 'a test',
  content_type: 'image/jpeg',
  current_password: 'not their password',
  declared: true,
  full_age: true,
  height: 100,
  id_token: 'x'.repeat(40),
  max_side: 1024,
  name: 'A name',
  nonce: 'x'.repeat(43),
  notice_id: 'generic/data_processing/en',
  notice_sha256: 'a'.repeat(64),
  password: 'not their password',
  recipient: 'somebody',
  refresh_token: 'x'.repeat(43),
  secret: 'x'.repeat(64),
  service: 'jobs',
  sha256: 'b'.repeat(64),
  size_bytes: 1000n,
  step: 'segmenting',
  token: 'x'.repeat(43),
  width: 100,
};
