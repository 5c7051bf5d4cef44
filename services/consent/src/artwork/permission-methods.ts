import { timestampDate } from '@bufbuild/protobuf/wkt';
import type { ServiceImpl } from '@connectrpc/connect';
import { ConsentService } from '@irisvue/contracts/irisvue/consent/v1/consent_service';
import { cutPage, readPage, requestKey } from '@irisvue/database';
import { type Clock, requireUser } from '@irisvue/runtime';
import type { Accounts } from '../accounts.ts';
import type { Receipts } from '../receipts/receipts.ts';
import { permissionMessage, scopeOf } from './permission-message.ts';
import type { ArtworkPermissions } from './permissions.ts';
import type { PermissionRow } from './schema.ts';

/** The part of ConsentService that is about permissions to use an iris in somebody else's artwork. */
export function permissionMethods(o: {
  readonly permissions: ArtworkPermissions;
  readonly receipts: Pick<Receipts, 'of'>;
  readonly accounts: Pick<Accounts, 'tellOfRequest'>;
  readonly clock: Clock;
}) {
  const { method } = ConsentService;
  const told = async (row: PermissionRow) => ({
    permission: permissionMessage(row, o.clock.now()),
    receipt: await o.receipts.of(row.id),
  });
  return {
    async requestArtworkPermission(request, context) {
      const { userId } = requireUser(context);
      const permission = await o.permissions.ask({
        ownerId: request.ownerId.toLowerCase(),
        creatorId: userId,
        scope: scopeOf(request.scope!),
        recipients: request.recipients,
        request: requestKey(userId, method.requestArtworkPermission, request),
      });
      // Repeated with the call until it succeeds: identity queues one mail per event.
      if (permission.state === 'requested') {
        await o.accounts.tellOfRequest(permission.owner_id, permission.id, context.signal);
      }
      return told(permission);
    },
    async grantArtworkPermission(request, context) {
      const { userId } = requireUser(context);
      const permission = await o.permissions.grant({
        ownerId: userId,
        creatorId: request.creatorId.toLowerCase(),
        scope: scopeOf(request),
        recipients: request.recipients,
        expiresAt: request.expireTime === undefined ? undefined : timestampDate(request.expireTime),
        request: requestKey(userId, method.grantArtworkPermission, request),
      });
      return told(permission);
    },
    async denyArtworkPermission(request, context) {
      const { userId } = requireUser(context);
      const permission = await o.permissions.deny({
        ownerId: userId,
        id: request.permissionId.toLowerCase(),
        request: requestKey(userId, method.denyArtworkPermission, request),
      });
      return told(permission);
    },
    async withdrawArtworkPermission(request, context) {
      const { userId } = requireUser(context);
      const events = await o.permissions.withdraw({
        ownerId: userId,
        creatorId: request.creatorId.toLowerCase(),
        scope: scopeOf(request),
        request: requestKey(userId, method.withdrawArtworkPermission, request),
      });
      return { receipts: await Promise.all(events.map((event) => o.receipts.of(event))) };
    },
    async listArtworkPermissions(request, context) {
      const page = readPage(request);
      const rows = await o.permissions.list(requireUser(context).userId, page);
      const { shown, nextPageToken } = cutPage(rows, page, (row) => row.permission_id);
      return { permissions: shown.map((row) => permissionMessage(row, o.clock.now())), nextPageToken };
    },
  } satisfies Partial<ServiceImpl<typeof ConsentService>>;
}
