/**
 * A `<video>` for each picture that is received, made when its receiver is born and playing before anything comes: a player
 * takes some 100 ms to start, and so that wait falls into the preview. It has nothing to show but what the media worker let
 * through, and goes into a page only when the worker has said whose picture it is.
 *
 * @see SPEC.md S71, S125
 */

const ready = new WeakMap<MediaStreamTrack, HTMLVideoElement>();

/** Makes an element for a track of a receiver, in place of one that may hold a picture of whom it showed before. */
export function readyPicture(track: MediaStreamTrack): void {
  if (track.kind === 'video') ready.set(track, createElement(track));
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
