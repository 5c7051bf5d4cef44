import type { DescService, MessageInitShape } from '@bufbuild/protobuf';
import { type Client, createClient } from '@connectrpc/connect';
import { createConnectTransport } from '@connectrpc/connect-node';
import { type CreateExportRequestSchema, ExportDownloadService } from '@irisvue/contracts/irisvue/privacy/v1/export';
import { PrivacyService } from '@irisvue/contracts/irisvue/privacy/v1/privacy_service';
import { newId } from '@irisvue/database';
import { openStore } from '@irisvue/storage';
import { unzipped } from '@irisvue/testing';
import { createDataHolder, type ExportedFile, startDataHolder } from '../privacy/data-holder.ts';
import { startConsent } from '../started-consent.ts';

export type ExportScene = Awaited<ReturnType<typeof exportScene>>;
export type ExportingPerson = Awaited<ReturnType<ExportScene['person']>>;

/** Consent with a holder of data beside it, and what a person does with exports. */
export async function exportScene() {
  await using stack = new AsyncDisposableStack();
  const holder = stack.use(await startDataHolder());
  const consent = stack.use(await startConsent({ jobsUrl: holder.url, identityRoutes: createDataHolder().routes }));
  const store = stack.use(await openStore(consent.storageUrl));

  function client<S extends DescService>(service: S, token: string): Client<S> {
    const transport = createConnectTransport({
      baseUrl: consent.url,
      httpVersion: '1.1',
      interceptors: [
        (next) => (request) => {
          request.header.set('Authorization', `Bearer ${token}`);
          return next(request);
        },
      ],
    });
    return createClient(service, transport);
  }
  /** A person with a consent and files elsewhere. */
  async function person(files: readonly ExportedFile[] = [{ path: 'photos/1.json', text: '{}' }]) {
    const user = await consent.user();
    await user.grant();
    holder.exported.set(user.id, files);
    return { ...user, privacy: client(PrivacyService, await consent.userToken(user.id)) };
  }
  const running = stack.move();
  return {
    consent,
    holder,
    store,
    client,
    person,
    /** Asks for an export and waits for it; gives it with its link. */
    async completed({ privacy }: { readonly privacy: Client<typeof PrivacyService> }, o: ExportWish = {}) {
      const begun = await privacy.createExport({ requestId: newId(), ...o });
      const exportId = begun.export!.id;
      for await (const _ of privacy.watchExport({ exportId }));
      return (await privacy.getExport({ exportId })).export!;
    },
    /** Keys of the archives of a subject. */
    keys: async (subjectId: string) =>
      (await Array.fromAsync(store.list(`exports/${subjectId}/`))).map(({ key }) => key),
    /** The only archive of an export, as bytes and as files. */
    async archiveOf(subjectId: string, exportId: string) {
      const [object, ...others] = await Array.fromAsync(store.list(`exports/${subjectId}/${exportId}/`));
      if (object === undefined || others.length > 0) throw new Error('there is not one archive');
      const bytes = await store.get(object.key);
      return { bytes, files: await unzipped(bytes) };
    },
    /** Resolves a link as the gateway does. */
    async resolve(url: string) {
      const downloads = client(ExportDownloadService, await consent.serviceToken('gateway'));
      return downloads.resolveExport({ token: tokenOf(url) });
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

type ExportWish = Omit<MessageInitShape<typeof CreateExportRequestSchema>, '$typeName' | 'requestId'>;

/** The token of a link; a token is its own. */
export const tokenOf = (url: string): string => url.slice(url.lastIndexOf('/') + 1);
