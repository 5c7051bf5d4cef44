/** What an archive explains to whoever opens it, in one language. */
export interface ArchiveWords {
  readonly title: string;
  /** Paragraphs of README.txt, and of the page above the pictures. */
  readonly about: readonly string[];
  /** Headings of the page by the folder that they stand for. */
  readonly folders: Readonly<Record<string, string>>;
  readonly otherFiles: string;
  readonly leftOut: string;
}

export type ArchiveLanguage = 'en' | 'de';

/** The explanations of each language. */
export const ARCHIVE_WORDS: Readonly<Record<ArchiveLanguage, ArchiveWords>> = {
  en: {
    title: 'Your data at IrisVue',
    about: [
      'This archive holds what IrisVue keeps about you: your photos as you uploaded them, the pictures and masks that were made of them, artworks that show nobody else, your account, your consents with their signed receipts, and the record of who did what to your data.',
      'Open index.html to look at it. It works without a network and loads nothing from elsewhere.',
      'Other people are not in it. Artworks that also show the eyes of others are listed in artworks/left-out-1.json by their ids, without their pictures. Where others appear in a list they are called "another person".',
      'SHA256SUMS holds the SHA-256 of each file; on most systems "sha256sum -c SHA256SUMS" compares them. manifest.jws is signed by IrisVue and holds the SHA-256 of SHA256SUMS. It and the receipts in consent/receipts are JSON Web Signatures (RFC 7515) and verify with consent/receipt-keys.json alone.',
      'Keep this archive safe: photos of your eyes are biometric data. The copy at IrisVue is deleted after some days.',
    ],
    folders: {
      photos: 'Photos',
      jobs: 'Made of your photos',
      artworks: 'Artworks',
      account: 'Account',
      consent: 'Consents',
      privacy: 'Requests and record of access',
    },
    otherFiles: 'Other files',
    leftOut: 'These files vanished while the archive was packed, most likely because you deleted them then:',
  },
  de: {
    title: 'Ihre Daten bei IrisVue',
    about: [
      'Dieses Archiv enthält, was IrisVue über Sie speichert: Ihre Fotos, wie Sie sie hochgeladen haben, die daraus entstandenen Bilder und Masken, Kunstwerke, die niemanden sonst zeigen, Ihr Konto, Ihre Einwilligungen mit signierten Belegen und das Protokoll, wer was mit Ihren Daten getan hat.',
      'Öffnen Sie index.html, um alles anzusehen. Die Seite braucht kein Netz und lädt nichts von anderswo.',
      'Andere Menschen sind nicht enthalten. Kunstwerke, die auch die Augen anderer zeigen, stehen mit ihrer Kennung und ohne Bild in artworks/left-out-1.json. Wo andere in einer Liste vorkommen, heißen sie „another person“.',
      'SHA256SUMS enthält den SHA-256-Wert jeder Datei; auf den meisten Systemen vergleicht „sha256sum -c SHA256SUMS“ sie. manifest.jws ist von IrisVue signiert und enthält den SHA-256-Wert von SHA256SUMS. Diese Datei und die Belege in consent/receipts sind JSON Web Signatures (RFC 7515) und lassen sich allein mit consent/receipt-keys.json prüfen.',
      'Bewahren Sie dieses Archiv sicher auf: Fotos Ihrer Augen sind biometrische Daten. Die Kopie bei IrisVue wird nach einigen Tagen gelöscht.',
    ],
    folders: {
      photos: 'Fotos',
      jobs: 'Aus Ihren Fotos entstanden',
      artworks: 'Kunstwerke',
      account: 'Konto',
      consent: 'Einwilligungen',
      privacy: 'Anträge und Zugriffsprotokoll',
    },
    otherFiles: 'Weitere Dateien',
    leftOut: 'Diese Dateien verschwanden, während das Archiv gepackt wurde, wohl weil Sie sie da gelöscht haben:',
  },
};

const LINE_CHARACTERS = 78;

/** README.txt: the explanations as plain text, with lines of at most 78 characters. */
export function readMe(language: ArchiveLanguage, o: { readonly vanished: readonly string[] }): string {
  const { title, about, leftOut } = ARCHIVE_WORDS[language];
  const paragraphs = [title, ...about].map(wrapped);
  if (o.vanished.length > 0) paragraphs.push(`${wrapped(leftOut)}\n${o.vanished.join('\n')}`);
  return `${paragraphs.join('\n\n')}\n`;
}

function wrapped(text: string): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > LINE_CHARACTERS) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line].join('\n');
}
