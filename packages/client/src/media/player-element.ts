/**
 * An element that plays for each track that is received, made when its receiver is born and playing before anything comes:
 * a player takes some 100 ms to start, and so that wait falls into the preview. Sound that nobody plays piles up in the
 * browser, and is then played late. It has nothing to play but what the media worker let through, is muted, and goes into a
 * page only when the worker has said whose track it is. That holds for the first whom a receiver shows: frames of one
 * person are still decoded when the receiver is another's already, and an element would keep the last.
 *
 * @see SPEC.md S71, S125
 */

const ready = new WeakMap<MediaStreamTrack, HTMLMediaElement>();

/** Makes an element for the track of a receiver that has shown nobody yet. */
export function readyPlayer(track: MediaStreamTrack): void {
  ready.set(track, createPlayer(track));
}

/** Gives up what nobody has taken: it may hold a picture of whom the receiver showed until now. */
export function forgetPlayer(track: MediaStreamTrack): void {
  const player = ready.get(track);
  if (player) player.srcObject = null;
  ready.delete(track);
}

/** A muted `<audio>` or `<video>` that plays this track, the caller's from then on: a readied one is given once. */
export function takePlayer(track: MediaStreamTrack): HTMLMediaElement {
  const player = ready.get(track) ?? createPlayer(track);
  ready.delete(track);
  return player;
}

function createPlayer(track: MediaStreamTrack): HTMLMediaElement {
  const player = document.createElement(track.kind === 'video' ? 'video' : 'audio');
  player.muted = true;
  player.autoplay = true;
  if ('playsInline' in player) player.playsInline = true;
  player.srcObject = new MediaStream([track]);
  return player;
}
