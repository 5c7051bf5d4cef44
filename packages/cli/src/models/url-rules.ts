/** Where bytes may come from. */
export interface UrlRules {
  /** Plain http also from other machines; a person has to ask for it. */
  readonly allowHttp: boolean;
  /** Files of this machine: only for a registry that is one itself. */
  readonly allowFiles: boolean;
}

/** Why a URL is not fetched; undefined when it is. */
export function refusalOf(url: URL, { allowHttp, allowFiles }: UrlRules): string | undefined {
  switch (url.protocol) {
    case 'https:':
      return undefined;
    case 'http:':
      return allowHttp || isThisMachine(url) ? undefined : 'plain http; --allow-http takes it nevertheless';
    case 'file:':
      return allowFiles ? undefined : 'a registry from elsewhere cannot name files of this machine';
    default:
      return 'only https, and http of this machine, can be fetched';
  }
}

/** Why a redirect is not followed: it leads to something less safe, or from elsewhere into this machine. */
export function refusalOfRedirect(from: URL, to: URL, { allowHttp }: UrlRules): string | undefined {
  const inside = isThisMachine(to);
  if (inside && !isThisMachine(from)) return `redirects into this machine (${to}), which is not followed`;
  if (to.protocol === 'https:') return undefined;
  if (to.protocol === 'http:' && from.protocol === 'http:' && (inside || allowHttp)) return undefined;
  return `redirects to ${to}, which is not followed`;
}

function isThisMachine({ hostname }: URL): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname);
}
