/**
 * The only policy that may turn a string into the address of code: workers of this build. With the header
 * `require-trusted-types-for 'script'; trusted-types default` every other string is refused by the browser.
 */

interface TrustedTypesFactory {
  createPolicy(name: string, rules: { createScriptURL(url: string): string }): unknown;
}

/** Does nothing where the browser has no trusted types. */
export function installTrustedTypes(): void {
  const factory = (globalThis as { trustedTypes?: TrustedTypesFactory }).trustedTypes;
  factory?.createPolicy('default', { createScriptURL: allowOwnCode });
}

export function allowOwnCode(url: string): string {
  const parsed = new URL(url, location.origin);
  if (parsed.origin !== location.origin) throw new TypeError('code comes from this server only');
  return url;
}
