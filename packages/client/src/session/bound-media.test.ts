import { describe, expect, test } from 'vitest';
import { BoundMedia } from './bound-media.ts';

const track = (id: string) => ({ id }) as MediaStreamTrack;

describe('bound media', () => {
  test('[S70] a track stands with the person and kind that its frames were bound to, and with nobody after', () => {
    const bound = new BoundMedia();
    bound.bind(1, { leafKey: 'ada', kind: 'camera' }, track('a'));
    bound.bind(2, { leafKey: 'ada', kind: 'screenVideo' }, track('b'));
    bound.bind(3, { leafKey: 'bob', kind: 'microphone' }, track('c'));
    expect(bound.people().get('ada')).toEqual({ camera: track('a'), screen: track('b'), isSpeaking: false });
    bound.unbind(1);
    expect(bound.people().get('ada')).toEqual({ screen: track('b'), isSpeaking: false });
    expect(bound.microphones()).toEqual(new Map([['bob', track('c')]]));
  });

  test('[S71] a rebound receiver leaves nothing with the person it showed before', () => {
    const bound = new BoundMedia();
    bound.bind(1, { leafKey: 'ada', kind: 'camera' }, track('a'));
    bound.bind(1, { leafKey: 'bob', kind: 'camera' }, track('a'));
    expect([...bound.people().keys()]).toEqual(['bob']);
  });

  test('[S112] of two tracks of one kind the first stays, also for who speaks', () => {
    const bound = new BoundMedia();
    for (const [receiverId, id] of [
      [1, 'a'],
      [2, 'b'],
    ] as const) {
      bound.bind(receiverId, { leafKey: 'ada', kind: 'microphone' }, track(id));
    }
    expect(bound.people().get('ada')?.microphone).toEqual(track('a'));
    expect(bound.microphones().get('ada')).toEqual(track('a'));
    bound.unbind(1);
    expect(bound.people().get('ada')?.microphone).toEqual(track('b'));
  });

  test('[S72] a trouble is told until it is taken back; an unconfirmed person is none', () => {
    const bound = new BoundMedia();
    bound.note([{ leafKey: 'ada', kind: 'camera', trouble: 'waiting-for-key' }]);
    expect(bound.people().get('ada')?.trouble).toBe('WAITING_FOR_KEY');
    bound.note([{ leafKey: 'ada', kind: 'camera', trouble: undefined }]);
    bound.note([{ leafKey: 'bob', kind: 'camera', trouble: 'unconfirmed' }]);
    expect(bound.people().size).toBe(0);
  });
});
