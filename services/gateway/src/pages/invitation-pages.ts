import type { Client } from '@connectrpc/connect';
import type { SubjectService } from '@irisvue/contracts/irisvue/consent/v1/subject_service';
import type { CircleService } from '@irisvue/contracts/irisvue/identity/v1/circle_service';
import { invitationPage, type Sessions } from './invitation-page.ts';
import type { LinkPage } from './link-pages.ts';

interface Peers {
  readonly identity: Sessions;
  readonly circles: Pick<Client<typeof CircleService>, 'getInvitation' | 'acceptInvitation'>;
  readonly subjects: Pick<Client<typeof SubjectService>, 'getSubjectInvitation' | 'acceptSubjectInvitation'>;
}

/** The pages of invitations: to a circle, and to permit somebody to upload photos of one's eyes. */
export function invitationPages({ identity, circles, subjects }: Peers): Readonly<Record<string, LinkPage>> {
  return {
    '/circles/join': invitationPage(identity, {
      link: (texts) => texts.join,
      invited: (texts) => texts.invited,
      async look({ invited }, token, o) {
        const { circleName, maskedEmail, alreadyMember } = await circles.getInvitation({ token }, o);
        if (alreadyMember) return invited.already;
        return [
          { label: invited.circle, value: circleName },
          { label: invited.by, value: maskedEmail },
        ];
      },
      accept: (request, o) => circles.acceptInvitation(request, o),
    }),
    '/photos/permit': invitationPage(identity, {
      link: (texts) => texts.permit,
      invited: (texts) => texts.asked,
      async look({ asked }, token, o) {
        const { uploaderMaskedEmail } = await subjects.getSubjectInvitation({ token }, o);
        return [{ label: asked.by, value: uploaderMaskedEmail }];
      },
      // The button that was pressed declares it.
      accept: (request, o) => subjects.acceptSubjectInvitation({ ...request, fullAge: true }, o),
    }),
  };
}
