import { Room } from 'livekit-client';
import { expect, test } from 'vitest';
import { EncryptionManager } from './encryption-manager.ts';

function roomWith(manager: EncryptionManager): Room {
  return new Room({ encryption: { e2eeManager: manager } });
}

test('[S38] encryption is on before connect, and livekit-client cannot switch it off', async () => {
  const manager = new EncryptionManager(() => undefined);
  const room = roomWith(manager);
  await room.setE2EEEnabled(true);
  manager.announce(room.localParticipant);
  expect([room.isE2EEEnabled, room.localParticipant.isE2EEEnabled]).toEqual([true, true]);
  manager.isDataChannelEncryptionEnabled = false;
  manager.setParticipantCryptorEnabled();
  manager.setSifTrailer();
  expect([manager.isEnabled, manager.isDataChannelEncryptionEnabled]).toEqual([true, true]);
});

test('[S39] data is neither sent nor taken', async () => {
  const manager = new EncryptionManager(() => undefined);
  await expect(manager.encryptData()).rejects.toThrow('not used');
  await expect(manager.handleEncryptedData()).rejects.toThrow('not used');
});
