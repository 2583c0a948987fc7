/**
 * Who may stand in a leaf, as ts-mls asks it. Conclave's leaves carry one opaque basic credential (a sealed name);
 * whether the key behind it belongs in the call is judged by the caller on the staged tree, never here.
 * Loading this module poisons the library's default service, which accepts everything: nothing may fall back on it.
 * @spec K33
 */

import type { AuthenticationService } from 'ts-mls/authenticationService.js';
import { defaultAuthenticationService } from 'ts-mls/authenticationService.js';
import type { Credential } from 'ts-mls/credential.js';
import { IDENTITY_BYTES_MAX } from '../limits.ts';

defaultAuthenticationService.validateCredential = async () => false;

/** A basic credential of 1…IDENTITY_BYTES_MAX bytes. */
export function isBasicCredential(credential: Credential): boolean {
  return (
    credential.credentialType === 'basic' &&
    credential.identity.length > 0 &&
    credential.identity.length <= IDENTITY_BYTES_MAX
  );
}

export const authentication: AuthenticationService = {
  validateCredential: async (credential) => isBasicCredential(credential),
};
