import { expect, test, vi } from 'vitest';
import { deviceErrorOf, openCamera, openMicrophone } from './devices.ts';

test.each([
  ['NotAllowedError', 'DENIED'],
  ['NotFoundError', 'NONE_FOUND'],
  ['NotReadableError', 'IN_USE'],
  ['AnythingElse', 'UNAVAILABLE'],
])('[S45] %s is %s', (name, code) => {
  expect(deviceErrorOf(new DOMException('x', name))).toBe(code);
});

test('[S45] a page without https has no devices, and says so', async () => {
  expect(await openCamera()).toEqual({ ok: false, error: 'INSECURE_PAGE' });
  expect(await openMicrophone()).toEqual({ ok: false, error: 'INSECURE_PAGE' });
});

test('[S46] a chosen device is demanded; once it is gone the browser chooses', async () => {
  const asked: unknown[] = [];
  const track = { kind: 'video' };
  const getUserMedia = async ({ video }: { video: MediaTrackConstraints }) => {
    asked.push(video.deviceId);
    if (video.deviceId !== undefined) throw new DOMException('x', 'OverconstrainedError');
    return { getTracks: () => [track] };
  };
  vi.stubGlobal('navigator', { mediaDevices: { getUserMedia } });
  expect(await openCamera({ deviceId: 'gone' })).toEqual({ ok: true, value: track });
  expect(asked).toEqual([{ exact: 'gone' }, undefined]);
  vi.unstubAllGlobals();
});
