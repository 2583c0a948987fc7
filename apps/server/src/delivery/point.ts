/**
 * A point in a call's life: which group, which epoch.
 */
import { equalBytes } from '@conclave/protocol/bytes';
import type { GroupPoint } from '../store/call-store.ts';
import type { Call } from './call.ts';

/** True when `point` is where the call stands now. */
export function isCurrent(call: Call, point: GroupPoint | null): boolean {
  if (call.group === null || point === null) return call.group === point;
  return equalBytes(call.group.groupId, point.groupId) && call.group.epoch === point.epoch;
}

/** The group as clients are told of it. */
export function describeGroup(call: Call) {
  if (call.group === null) return null;
  const { groupId, epoch, isFrozen } = call.group;
  return { groupId, epoch, frozen: isFrozen };
}
