import { expect, test } from 'vitest';
import { MAILBOX_BYTES_MAX, MAILBOX_EVENTS_MAX } from '../limits.ts';
import { Mailbox } from './mailbox.ts';

const wake = { t: 'wake' } as const;
const leave = { t: 'leave' } as const;

test('[S77] what a person does outlives a flood, and goes first', () => {
  const mailbox = new Mailbox();
  for (let count = 0; count < MAILBOX_EVENTS_MAX; count++) expect(mailbox.pushOutside(wake)).toBe(true);
  mailbox.pushPerson(leave);
  expect(mailbox.pushOutside(wake)).toBe(false);
  expect(mailbox.next()).toEqual(leave);
  expect(mailbox.next()).toBeUndefined();
});

test('[S77] what comes from outside is bounded in bytes, too', () => {
  const mailbox = new Mailbox();
  expect(mailbox.pushOutside(wake, MAILBOX_BYTES_MAX)).toBe(true);
  expect(mailbox.next()).toEqual(wake);
  expect(mailbox.pushOutside(wake, MAILBOX_BYTES_MAX)).toBe(true);
  expect(mailbox.pushOutside(wake, 1)).toBe(false);
  expect(mailbox.pushOutside(wake, 1)).toBe(true);
});
