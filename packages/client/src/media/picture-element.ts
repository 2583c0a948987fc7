/**
 * A `<video>` for each picture that is received, made when its receiver is born and playing before anything comes: a player
 * takes some 100 ms to start, and so that wait falls into the preview. It has nothing to show but what the media worker let
 * through, and goes into a page only when the worker has said whose picture it is. That holds for the first whom a receiver
 * shows: frames of one person are still decoded when the receiver is another's already, and an element would keep the last.
 *
 * @see SPEC.md S71, S125
 */

const ready = new WeakMap<MediaStreamTrack, HTMLVideoElement>();

/** Makes an element for the track of a receiver that has shown nobody yet. */
export function readyPicture(track: MediaStreamTrack): void {
  if (track.kind === 'video') ready.set(track, createElement(track));
}

/** Gives up what nobody has taken: it may hold a picture of whom the receiver showed until now. */
export function forgetPicture(track: MediaStreamTrack): void {
  const element = ready.get(track);
  if (element) element.srcObject = null;
  ready.delete(track);
}

/** An element that plays this track, the caller's from then on: a readied one is given once. */
export function takePicture(track: MediaStreamTrack): HTMLVideoElement {
  const element = ready.get(track) ?? createElement(track);
  ready.delete(track);
  return element;
}

function createElement(track: MediaStreamTrack): HTMLVideoElement {
  const element = document.createElement('video');
  element.muted = true;
  element.autoplay = true;
  element.playsInline = true;
  element.srcObject = new MediaStream([track]);
  return element;
}
