import { expect, test } from 'vitest';
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
