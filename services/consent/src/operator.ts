import { SettingsError } from '@irisvue/runtime';
import type { Recipient } from './recipients.ts';
import type { ConsentSettings } from './settings.ts';

/** Who is responsible, as notices, the retention policy and receipts name it. */
export interface Operator {
  readonly name: string;
  readonly address: string;
  /** E-mail address or page where people turn with requests. */
  readonly contact: string;
  /** Where irises are stored, for example "Frankfurt, Germany". */
  readonly storageLocations: readonly string[];
  /** Whom irises may be disclosed to, when the person names them. */
  readonly recipients: readonly Recipient[];
}

const IN_DEVELOPMENT = 'not stated (development)';

/** The operator from the settings. Throws SettingsError in production unless name, address, contact and place are set. */
export function operatorOf(settings: ConsentSettings): Operator {
  const needed = {
    IRISVUE_OPERATOR_NAME: settings.operatorName,
    IRISVUE_OPERATOR_ADDRESS: settings.operatorAddress,
    IRISVUE_OPERATOR_CONTACT: settings.operatorContact,
    IRISVUE_STORAGE_LOCATIONS: settings.storageLocations,
  };
  const missing = Object.entries(needed).flatMap(([name, value]) => (value === undefined ? [name] : []));
  if (settings.env === 'production' && missing.length > 0) {
    throw new SettingsError(missing.map((name) => `${name} is not set: no notice can be shown without it`));
  }
  return {
    name: settings.operatorName ?? `Operator ${IN_DEVELOPMENT}`,
    address: settings.operatorAddress ?? `address ${IN_DEVELOPMENT}`,
    contact: settings.operatorContact ?? IN_DEVELOPMENT,
    storageLocations: settings.storageLocations ?? [IN_DEVELOPMENT],
    recipients: settings.recipients,
  };
}
