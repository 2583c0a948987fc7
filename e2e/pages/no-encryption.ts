/** Lets a page tell the SFU, and by it everybody else, that its tracks are not encrypted. What it sends stays the same. */

import { EncryptionManager } from '@conclave/client/livekit/encryption-manager';

export function announceNoEncryption(): void {
  const { setup } = EncryptionManager.prototype;
  EncryptionManager.prototype.setup = function (room) {
    setup.call(this, room);
    room.setE2EEEnabled = async () => undefined;
  };
  EncryptionManager.prototype.announce = () => undefined;
}
