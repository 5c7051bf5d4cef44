import { type DescMessage, fromJson, type JsonObject, type MessageShape, toJson } from '@bufbuild/protobuf';

/** A message as the text that a jsonb column takes: JSON with the contract's field names, so that psql shows them. */
export function toColumn<Desc extends DescMessage>(schema: Desc, message: MessageShape<Desc>): string {
  return JSON.stringify(toJson(schema, message, { useProtoFieldName: true }));
}

/** The message that a jsonb column holds. Fields of a newer build are ignored. Undefined for null. */
export function fromColumn<Desc extends DescMessage>(
  schema: Desc,
  column: JsonObject | null,
): MessageShape<Desc> | undefined {
  return column === null ? undefined : fromJson(schema, column, { ignoreUnknownFields: true });
}
