import { ErrorReason } from '@irisvue/runtime';
import type { Language } from './language.ts';

/** A page that a link opens: what it asks for, and what it says once that is done. */
export interface LinkTexts {
  readonly title: string;
  readonly intro: string;
  readonly button: string;
  readonly doneTitle: string;
  readonly done: string;
}

/** What the second page of an invitation says. */
export interface InvitationTexts {
  readonly title: string;
  readonly by: string;
  readonly meaning: string;
  readonly accept: string;
  readonly decline: string;
  readonly declined: string;
}

/** All that pages say in one language. */
export interface Texts {
  readonly verify: LinkTexts;
  readonly reset: LinkTexts;
  readonly change: LinkTexts;
  readonly join: LinkTexts;
  readonly invited: InvitationTexts & { readonly circle: string; readonly already: string };
  readonly permit: LinkTexts;
  readonly asked: InvitationTexts;
  readonly paste: string;
  readonly email: string;
  readonly password: string;
  readonly newPassword: string;
  readonly repeatPassword: string;
  readonly passwordsDiffer: string;
  readonly failedTitle: string;
  /** What went wrong, by reason; `other` for all that is not told to strangers. */
  readonly failed: Readonly<Partial<Record<ErrorReason, string>>> & { readonly other: string };
}

const en: Texts = {
  verify: {
    title: 'Confirm your e-mail',
    intro: 'With this you confirm that the address the link was sent to is yours.',
    button: 'Confirm',
    doneTitle: 'Your e-mail is confirmed',
    done: 'You can close this page.',
  },
  reset: {
    title: 'Set a new password',
    intro: 'It takes 8 to 200 characters. All devices are signed out.',
    button: 'Set the password',
    doneTitle: 'Your password is set',
    done: 'Sign in with it from now on. You can close this page.',
  },
  change: {
    title: 'Confirm your new e-mail',
    intro: 'With this your account moves to the address the link was sent to.',
    button: 'Confirm',
    doneTitle: 'Your e-mail is changed',
    done: 'Sign in with the new address from now on. You can close this page.',
  },
  join: {
    title: 'An invitation to a circle',
    intro: 'Sign in to see who invites you, and to what. Nothing is accepted by that yet.',
    button: 'Show the invitation',
    doneTitle: 'You are a member',
    done: 'The circle is in your account now. You can leave it at any time.',
  },
  invited: {
    title: 'You are invited',
    circle: 'Circle',
    by: 'Invited by',
    meaning:
      'Members see each other’s first letter and e-mail domain, and the artworks that somebody shares with the circle. Your photos stay yours alone.',
    accept: 'Join',
    decline: 'Not now',
    declined: 'Nothing was accepted. The invitation stands until it ends.',
    already: 'You are a member of this circle already.',
  },
  permit: {
    title: 'Photos of your eyes',
    intro: 'Sign in to see who asks to upload photos of your eyes. Nothing is permitted by that yet.',
    button: 'Show who asks',
    doneTitle: 'It is permitted',
    done: 'Photos are processed once you have consented as well, in the app. You can take both back at any time.',
  },
  asked: {
    title: 'Somebody asks you',
    by: 'Who asks',
    meaning:
      'With your permission this person may upload photos of your eyes. Photos of irises are biometric data: they are processed only while your own consent stands, you can see and delete each of them, and what you take back stops everything at once.',
    accept: 'I am of full age and permit it',
    decline: 'Not now',
    declined: 'Nothing was permitted. The link works until it ends.',
  },
  paste: 'The link from the mail, or the part of it behind the #',
  email: 'E-mail',
  password: 'Password',
  newPassword: 'New password',
  repeatPassword: 'The same again',
  passwordsDiffer: 'The two passwords are not the same.',
  failedTitle: 'That did not work',
  failed: {
    [ErrorReason.LINK_INVALID]: 'This link does not work (any more): it was used, has expired, or was revoked.',
    [ErrorReason.INVALID_FIELD]: 'Something in the form is missing, too short or too long.',
    [ErrorReason.BAD_CREDENTIALS]: 'The e-mail or the password is wrong.',
    [ErrorReason.EMAIL_NOT_VERIFIED]: 'Confirm your e-mail first, by the link that was mailed to you.',
    [ErrorReason.RATE_LIMITED]: 'Too many tries. Please wait a little.',
    [ErrorReason.TOKEN_INVALID]: 'You were signed out meanwhile. Open the link again.',
    [ErrorReason.ALREADY_EXISTS]: 'This address has an account of its own already.',
    [ErrorReason.CIRCLE_LIMIT_REACHED]: 'The circle is full.',
    [ErrorReason.DEPENDENCY_DOWN]: 'Something here is not working at the moment. Please try again in a minute.',
    other: 'Something went wrong on our side. Please try again later.',
  },
};

const de: Texts = {
  verify: {
    title: 'E-Mail-Adresse bestätigen',
    intro: 'Damit bestätigen Sie, dass die Adresse, an die der Link ging, Ihre ist.',
    button: 'Bestätigen',
    doneTitle: 'Ihre E-Mail-Adresse ist bestätigt',
    done: 'Sie können diese Seite schließen.',
  },
  reset: {
    title: 'Neues Passwort setzen',
    intro: 'Es hat 8 bis 200 Zeichen. Alle Geräte werden abgemeldet.',
    button: 'Passwort setzen',
    doneTitle: 'Ihr Passwort ist gesetzt',
    done: 'Melden Sie sich ab jetzt damit an. Sie können diese Seite schließen.',
  },
  change: {
    title: 'Neue E-Mail-Adresse bestätigen',
    intro: 'Damit zieht Ihr Konto zu der Adresse um, an die der Link ging.',
    button: 'Bestätigen',
    doneTitle: 'Ihre E-Mail-Adresse ist geändert',
    done: 'Melden Sie sich ab jetzt mit der neuen Adresse an. Sie können diese Seite schließen.',
  },
  join: {
    title: 'Einladung in einen Kreis',
    intro: 'Melden Sie sich an, um zu sehen, wer Sie wozu einlädt. Angenommen ist damit noch nichts.',
    button: 'Einladung zeigen',
    doneTitle: 'Sie sind Mitglied',
    done: 'Der Kreis ist jetzt in Ihrem Konto. Sie können ihn jederzeit verlassen.',
  },
  invited: {
    title: 'Sie sind eingeladen',
    circle: 'Kreis',
    by: 'Eingeladen von',
    meaning:
      'Mitglieder sehen voneinander den ersten Buchstaben und die Domain der E-Mail-Adresse und die Kunstwerke, die jemand mit dem Kreis teilt. Ihre Fotos sehen nur Sie.',
    accept: 'Beitreten',
    decline: 'Jetzt nicht',
    declined: 'Es wurde nichts angenommen. Die Einladung gilt, bis sie abläuft.',
    already: 'Sie sind schon Mitglied in diesem Kreis.',
  },
  permit: {
    title: 'Fotos Ihrer Augen',
    intro: 'Melden Sie sich an, um zu sehen, wer Fotos Ihrer Augen hochladen möchte. Erlaubt ist damit noch nichts.',
    button: 'Zeigen, wer fragt',
    doneTitle: 'Es ist erlaubt',
    done: 'Verarbeitet werden Fotos, sobald Sie in der App auch eingewilligt haben. Beides können Sie jederzeit zurücknehmen.',
  },
  asked: {
    title: 'Jemand fragt Sie',
    by: 'Wer fragt',
    meaning:
      'Mit Ihrer Erlaubnis darf diese Person Fotos Ihrer Augen hochladen. Fotos der Iris sind biometrische Daten: Sie werden nur verarbeitet, solange Ihre eigene Einwilligung gilt, Sie können jedes sehen und löschen, und was Sie zurücknehmen, beendet alles sofort.',
    accept: 'Ich bin volljährig und erlaube es',
    decline: 'Jetzt nicht',
    declined: 'Es wurde nichts erlaubt. Der Link gilt, bis er abläuft.',
  },
  paste: 'Der Link aus der Mail oder das, was darin nach dem # steht',
  email: 'E-Mail-Adresse',
  password: 'Passwort',
  newPassword: 'Neues Passwort',
  repeatPassword: 'Noch einmal dasselbe',
  passwordsDiffer: 'Die beiden Passwörter sind nicht gleich.',
  failedTitle: 'Das hat nicht geklappt',
  failed: {
    [ErrorReason.LINK_INVALID]: 'Dieser Link gilt nicht (mehr): Er wurde benutzt, ist abgelaufen oder widerrufen.',
    [ErrorReason.INVALID_FIELD]: 'Im Formular fehlt etwas, oder es ist zu kurz oder zu lang.',
    [ErrorReason.BAD_CREDENTIALS]: 'E-Mail-Adresse oder Passwort sind falsch.',
    [ErrorReason.EMAIL_NOT_VERIFIED]: 'Bestätigen Sie zuerst Ihre E-Mail-Adresse, mit dem Link aus unserer Mail.',
    [ErrorReason.RATE_LIMITED]: 'Zu viele Versuche. Bitte warten Sie ein wenig.',
    [ErrorReason.TOKEN_INVALID]: 'Sie wurden inzwischen abgemeldet. Öffnen Sie den Link noch einmal.',
    [ErrorReason.ALREADY_EXISTS]: 'Diese Adresse hat schon ein eigenes Konto.',
    [ErrorReason.CIRCLE_LIMIT_REACHED]: 'Der Kreis ist voll.',
    [ErrorReason.DEPENDENCY_DOWN]:
      'Hier funktioniert gerade etwas nicht. Bitte versuchen Sie es in einer Minute wieder.',
    other: 'Bei uns ist etwas schiefgegangen. Bitte versuchen Sie es später wieder.',
  },
};

export const TEXTS: Readonly<Record<Language, Texts>> = { en, de };
