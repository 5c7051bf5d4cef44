import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { until } from '@irisvue/testing';
import { SMTPServer } from 'smtp-server';

/** A mail as its recipient reads it. */
export interface ReceivedMail {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  /** The whole message as it came (RFC 5322). */
  readonly raw: string;
}

/** Who may send. The password is looked up at each sign-in. */
export interface Login {
  readonly user: string;
  password: string;
}

/** A real SMTP server and what it took. */
export interface Inbox extends AsyncDisposable {
  readonly url: string;
  readonly mails: readonly ReceivedMail[];
  /** Recipients that are refused for good from now on (550). */
  readonly refused: Set<string>;
  /** The first mail to this address with this subject that was not taken before, once it is there. */
  take(to: string, subject: RegExp): Promise<ReceivedMail>;
  /** Ends the server as a crash would: connections break, the port is closed. */
  kill(): Promise<void>;
  /** Starts it again on the same port. */
  startAgain(): Promise<void>;
}

/** With a `login`, only whoever knows its password may send. */
export async function startInbox(login?: Login): Promise<Inbox> {
  const mails: ReceivedMail[] = [];
  const taken = new Set<ReceivedMail>();
  const refused = new Set<string>();
  const start = (at: number): Promise<SMTPServer> => listening({ mails, refused, login, port: at });
  let server = await start(0);
  const { port } = server.server.address() as AddressInfo;
  const kill = (): Promise<void> => new Promise((resolve) => server.close(() => resolve()));
  return {
    url: `smtp://127.0.0.1:${port}`,
    mails,
    refused,
    take: (to, subject) =>
      until(
        () => {
          const found = mails.find((mail) => mail.to === to && subject.test(mail.subject) && !taken.has(mail));
          if (found !== undefined) taken.add(found);
          return found;
        },
        { what: `that a mail ${subject} reaches ${to}` },
      ),
    kill,
    async startAgain() {
      server = await start(port);
    },
    [Symbol.asyncDispose]: kill,
  };
}

/** The token at the end of the link in a mail. */
export function tokenIn(mail: ReceivedMail): string {
  const token = /https?:\/\/\S+#([\w-]+)/.exec(mail.text)?.[1];
  if (token === undefined) throw new Error(`no link in: ${mail.text}`);
  return token;
}

async function listening(o: {
  readonly mails: ReceivedMail[];
  readonly refused: ReadonlySet<string>;
  readonly login: Login | undefined;
  readonly port: number;
}): Promise<SMTPServer> {
  const { mails, refused, login, port } = o;
  const server = new SMTPServer({
    authOptional: login === undefined,
    allowInsecureAuth: true,
    disabledCommands: login === undefined ? ['STARTTLS', 'AUTH'] : ['STARTTLS'],
    onAuth({ username, password }, _, done) {
      if (username === login?.user && password === login?.password) done(null, { user: username });
      else done(new Error('who are you?'));
    },
    closeTimeout: 1,
    onRcptTo({ address }, _, done) {
      done(refused.has(address) ? Object.assign(new Error('no such mailbox'), { responseCode: 550 }) : null);
    },
    onData(stream, session, done) {
      text(stream).then((raw) => {
        for (const { address } of session.envelope.rcptTo) mails.push(received(address, raw));
        done();
      }, done);
    },
  });
  await new Promise<void>((resolve, reject) => {
    server.on('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return server;
}

function received(to: string, raw: string): ReceivedMail {
  const subject = decodedWords(/^Subject: (.*(?:\r?\n[ \t].*)*)$/m.exec(raw)?.[1]?.trim() ?? '');
  // By its whole boundary: a line of a wrapped link may begin with two hyphens of the token.
  const boundary = /boundary="([^"]+)"/.exec(raw)?.[1] ?? '';
  const part = raw.split(`--${boundary}`).find((one) => one.includes('Content-Type: text/plain')) ?? '';
  const encoding = /Content-Transfer-Encoding: (\S+)/.exec(part)?.[1];
  const body = part.slice(part.search(/\r?\n\r?\n/)).trim();
  return { to, subject, text: decoded(body, encoding), raw };
}

function decoded(body: string, encoding: string | undefined): string {
  if (encoding === 'quoted-printable') return unquoted(body);
  return encoding === 'base64' ? Buffer.from(body, 'base64').toString('utf8') : body;
}

/** RFC 2047: words of a header in UTF-8; the space between two of them is not part of the text. */
function decodedWords(header: string): string {
  return header
    .replace(/\?=\s+=\?/g, '?==?')
    .replace(/=\?utf-8\?([QB])\?([^?]*)\?=/gi, (_, encoding: string, word: string) =>
      encoding.toUpperCase() === 'Q'
        ? unquoted(word.replaceAll('_', ' '))
        : Buffer.from(word, 'base64').toString('utf8'),
    );
}

/** RFC 2045 §6.7. */
function unquoted(body: string): string {
  const bytes = body
    .replace(/=\r?\n/g, '')
    .replace(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString('utf8');
}
