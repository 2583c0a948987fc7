/** A track on the page: a picture, or sound that is heard and not seen. */
import { takePicture } from '@conclave/client/media/picture-element';
import { useLayoutEffect, useRef } from 'preact/hooks';

export function Picture({
  track,
  isMirrored = false,
}: {
  readonly track: MediaStreamTrack;
  readonly isMirrored?: boolean;
}) {
  const place = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const video = takePicture(track);
    place.current?.append(video);
    void video.play().catch(() => undefined);
    return () => {
      video.remove();
      video.srcObject = null;
    };
  }, [track]);
  return <div ref={place} class={`picture ${isMirrored ? 'is-mirrored' : ''}`} />;
}

export function Sound({
  track,
  speakerId,
  onBlocked,
  isUnblocked,
}: {
  readonly track: MediaStreamTrack;
  readonly speakerId: string | undefined;
  readonly onBlocked: () => void;
  /** Turns when a click has allowed the page to play: then it is tried again. */
  readonly isUnblocked: boolean;
}) {
  const audio = useRef<HTMLAudioElement>(null);
  useLayoutEffect(() => {
    const element = audio.current;
    if (!element) return;
    element.srcObject = new MediaStream([track]);
    return () => {
      element.srcObject = null;
    };
  }, [track]);
  useLayoutEffect(() => {
    audio.current?.play().catch((error: unknown) => {
      if (error instanceof DOMException && error.name === 'NotAllowedError') onBlocked();
    });
  }, [track, isUnblocked]);
  useLayoutEffect(() => {
    // A speaker that was unplugged is not an error of the call: the browser goes on with its own choice.
    if (speakerId !== undefined) void audio.current?.setSinkId?.(speakerId).catch(() => undefined);
  }, [speakerId, track]);
  return (
    // biome-ignore lint/a11y/useMediaCaption: people talking live have no captions yet
    <audio ref={audio} class="sound" autoPlay />
  );
}
