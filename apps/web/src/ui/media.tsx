/** A track on the page: a picture, or sound that is heard and not seen. */
import { takePlayer } from '@conclave/client/media/player-element';
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
    const video = takePlayer(track);
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
  const place = useRef<HTMLDivElement>(null);
  const player = useRef<HTMLMediaElement>(null);
  useLayoutEffect(() => {
    const audio = takePlayer(track);
    place.current?.append(audio);
    player.current = audio;
    return () => {
      audio.remove();
      audio.srcObject = null;
    };
  }, [track]);
  useLayoutEffect(() => {
    const audio = player.current;
    if (!audio) return;
    hear(audio, speakerId).catch((error: unknown) => {
      if (error instanceof DOMException && error.name === 'NotAllowedError') onBlocked();
    });
  }, [track, speakerId, isUnblocked]);
  return <div ref={place} />;
}

/** Rejects with a `NotAllowedError` where the browser wants a click first: it pauses then what it had played muted. */
async function hear(audio: HTMLMediaElement, speakerId: string | undefined): Promise<void> {
  // Not unmuted before: it plays already, and on the browser's own choice. A speaker that was unplugged is not an error of
  // the call: the browser goes on with that choice.
  if (speakerId !== undefined) await audio.setSinkId?.(speakerId).catch(() => undefined);
  audio.muted = false;
  await audio.play();
}
