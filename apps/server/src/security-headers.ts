/**
 * Headers of every answer: what the page may load, whom it may talk to, and that nobody frames it or learns its links.
 *
 * @see SPEC.md V64
 */

export interface HeaderOptions {
  /** `Host` of the request. */
  readonly host: string | undefined;
  /** Reached by https: through our own TLS, or a public URL that says so. */
  readonly isSecure: boolean;
}

const HOST = /^(\[[0-9a-f:.]+\]|[a-z0-9.-]+)(:\d{1,5})?$/i;

/** The page's one policy of trusted types, `default`, lets addresses of this server be code, and nothing else. */
function contentSecurityPolicy({ host, isSecure }: HeaderOptions): string {
  // 'self' covers WebSockets in new browsers only
  const socket = host !== undefined && HOST.test(host) ? ` ${isSecure ? 'wss' : 'ws'}://${host}` : '';
  return [
    "default-src 'none'",
    "script-src 'self'",
    "worker-src 'self'",
    `connect-src 'self'${socket}`,
    "style-src 'self'",
    "img-src 'self' data: blob:",
    "media-src 'self' blob:",
    "font-src 'self'",
    "manifest-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    'trusted-types default',
  ].join('; ');
}

export function securityHeaders(options: HeaderOptions): Record<string, string> {
  return {
    'content-security-policy': contentSecurityPolicy(options),
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-embedder-policy': 'require-corp',
    'cross-origin-resource-policy': 'same-origin',
    'referrer-policy': 'no-referrer',
    'permissions-policy':
      'camera=(self), microphone=(self), display-capture=(self), geolocation=(), payment=(), usb=()',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    ...(options.isSecure ? { 'strict-transport-security': 'max-age=63072000' } : {}),
  };
}
