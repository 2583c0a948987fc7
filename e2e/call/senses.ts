/**
 * What can be seen and heard on a page of the app. Each function is sent into the page as text: it may use nothing from
 * outside itself.
 */

export type Sight = {
  /** Mean of the picture as rendered, 0–255. */
  readonly red: number;
  readonly green: number;
  readonly blue: number;
  /** Differs when the picture differs. */
  readonly print: number;
};

/** The rendered picture in the tile of this name; null when there is none. */
export function lookAt(name: string): Sight | null {
  const tiles = [...document.querySelectorAll('[role=group]')];
  const video = tiles.find((tile) => tile.getAttribute('aria-label') === name)?.querySelector('video');
  if (!video || video.videoWidth === 0) return null;
  const [width, height] = [64, 36];
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext('2d', { willReadFrequently: true });
  if (!context) return null;
  context.drawImage(video, 0, 0, width, height);
  const { data } = context.getImageData(0, 0, width, height);
  const sums = [0, 0, 0];
  let print = 0;
  for (let at = 0; at < data.length; at += 4) {
    for (let colour = 0; colour < 3; colour++) {
      const value = data[at + colour] ?? 0;
      sums[colour] = (sums[colour] ?? 0) + value;
      print = (print * 31 + value) % 4_294_967_291;
    }
  }
  const [red = 0, green = 0, blue = 0] = sums.map((sum) => Math.round(sum / (width * height)));
  return { red, green, blue, print };
}

export type TileText = { readonly hasVideo: boolean; readonly isMuted: boolean; readonly text: string };

/** What a tile says beside its picture; null when there is no such tile. */
export function readTile(name: string): TileText | null {
  const tiles = [...document.querySelectorAll('[role=group]')];
  const tile = tiles.find((one) => one.getAttribute('aria-label') === name);
  if (!tile) return null;
  const isMuted = tile.querySelector('[aria-label="Microphone muted"]') !== null;
  return { hasVideo: tile.querySelector('video') !== null, isMuted, text: tile.textContent ?? '' };
}

export function tileNames(): readonly string[] {
  return [...document.querySelectorAll('[role=group]')].map((tile) => tile.getAttribute('aria-label') ?? '');
}

/**
 * How loud each sound on the page has been since the last question, as RMS 0–1, one number for each audio element that
 * plays. The first question starts to listen.
 */
export function listen(): readonly number[] {
  type Ear = {
    readonly source: MediaStreamAudioSourceNode;
    readonly track: MediaStreamTrack;
    readonly analyser: AnalyserNode;
    loudest: number;
  };
  type Ears = { readonly context: AudioContext; readonly byElement: Map<HTMLAudioElement, Ear> };
  const place = globalThis as { conclaveEars?: Ears };
  const hear = ({ context, byElement }: Ears) => {
    const samples = new Float32Array(2048);
    for (const element of [...byElement.keys()]) if (!element.isConnected) byElement.delete(element);
    for (const element of document.querySelectorAll('audio')) {
      const [track] = (element.srcObject as MediaStream | null)?.getAudioTracks() ?? [];
      if (!track || element.paused || element.muted) continue;
      let ear = byElement.get(element);
      if (ear?.track !== track) {
        const analyser = new AnalyserNode(context, { fftSize: 2048 });
        const source = context.createMediaStreamSource(new MediaStream([track]));
        source.connect(analyser);
        ear = { source, track, analyser, loudest: 0 };
        byElement.set(element, ear);
      }
      ear.analyser.getFloatTimeDomainData(samples);
      const sum = samples.reduce((total, sample) => total + sample * sample, 0);
      ear.loudest = Math.max(ear.loudest, Math.sqrt(sum / samples.length));
    }
  };
  if (!place.conclaveEars) {
    const ears: Ears = { context: new AudioContext(), byElement: new Map() };
    place.conclaveEars = ears;
    setInterval(() => hear(ears), 40);
  }
  const ears = [...place.conclaveEars.byElement.values()];
  const levels = ears.map((ear) => ear.loudest);
  for (const ear of ears) ear.loudest = 0;
  return levels;
}

/**
 * The same by recording for a second and decoding: Firefox lets no audio context run on a machine without a sound card.
 */
export async function listenByRecording(): Promise<readonly number[]> {
  const level = async (element: HTMLAudioElement): Promise<readonly number[]> => {
    const [track] = (element.srcObject as MediaStream | null)?.getAudioTracks() ?? [];
    if (!track || element.paused || element.muted) return [];
    const recorder = new MediaRecorder(new MediaStream([track]));
    const chunks: Blob[] = [];
    const stopped = new Promise((resolve) => {
      recorder.onstop = resolve;
    });
    recorder.ondataavailable = ({ data }) => chunks.push(data);
    recorder.start();
    setTimeout(() => recorder.stop(), 1_000);
    await stopped;
    const bytes = await new Blob(chunks).arrayBuffer();
    const decoded = await new OfflineAudioContext(1, 1, 48_000).decodeAudioData(bytes).catch(() => null);
    const samples = decoded?.getChannelData(0) ?? new Float32Array();
    const sum = samples.reduce((total, sample) => total + sample * sample, 0);
    return [Math.sqrt(sum / Math.max(1, samples.length))];
  };
  return (await Promise.all([...document.querySelectorAll('audio')].map(level))).flat();
}

/** Runs before the page's own code: remembers every connection, so that its statistics can be read. */
export function rememberPeers(): void {
  const peers: RTCPeerConnection[] = [];
  const Native = RTCPeerConnection;
  globalThis.RTCPeerConnection = class extends Native {
    constructor(...options: ConstructorParameters<typeof RTCPeerConnection>) {
      super(...options);
      peers.push(this);
    }
  };
  Object.assign(globalThis, { conclavePeers: peers });
}

/** Frames of pictures and samples of sound that decoders of this page have got so far. */
export async function countDecoded(): Promise<{ readonly frames: number; readonly packets: number }> {
  const { conclavePeers = [] } = globalThis as { conclavePeers?: RTCPeerConnection[] };
  let frames = 0;
  let packets = 0;
  for (const peer of conclavePeers) {
    for (const report of (await peer.getStats()).values()) {
      if (report.type !== 'inbound-rtp') continue;
      frames += report.framesDecoded ?? 0;
      packets += report.packetsReceived ?? 0;
    }
  }
  return { frames, packets };
}

/** All words that can be seen on the page. */
export function readWords(): string {
  // biome-ignore lint/performance/useDomNodeTextContent: what is hidden is not read by a person
  return document.body.innerText.replaceAll(/\s+/g, ' ');
}

/** The rows of the open People panel. */
export function readPeople(): readonly string[] {
  return [...document.querySelectorAll<HTMLElement>('aside[aria-label=People] li')].map((row) => {
    // biome-ignore lint/performance/useDomNodeTextContent: words of neighbours must not run together
    return row.innerText.replaceAll(/\s+/g, ' ').trim();
  });
}

/** As the touch of a mouse does: hidden controls come back. */
export function wakeControls(): void {
  dispatchEvent(new PointerEvent('pointermove'));
}

/** Where tiles and buttons are, after the next two paintings. */
export async function readPlaces(): Promise<string> {
  for (let painted = 0; painted < 2; painted++) await new Promise(requestAnimationFrame);
  const places = [...document.querySelectorAll('[role=group], button, h1')].map((element) => {
    const { x, y, width, height } = element.getBoundingClientRect();
    return [x, y, width, height, getComputedStyle(element).opacity].join(' ');
  });
  return places.join('\n');
}

/** For a failed scenario: how the connections stand, and what went in and out by kind. */
export async function describeMedia(): Promise<string> {
  const { conclavePeers = [] } = globalThis as { conclavePeers?: RTCPeerConnection[] };
  const lines: string[] = [];
  for (const peer of conclavePeers) {
    lines.push(
      `${peer.connectionState}/${peer.iceConnectionState}/${peer.iceGatheringState}/${peer.signalingState}`,
    );
    for (const report of (await peer.getStats()).values()) {
      const { type, kind, mid, ssrc } = report;
      if (type === 'transport')
        lines.push(`transport ${report.dtlsState} ${report.iceState} ${report.packetsReceived}`);
      if (type === 'candidate-pair')
        lines.push(`pair ${report.state} ${report.requestsSent} asked, ${report.responsesReceived} answered`);
      if (type === 'local-candidate' || type === 'remote-candidate')
        lines.push(`${type} ${report.protocol} ${report.candidateType} ${report.port}`);
      if (type === 'inbound-rtp') {
        lines.push(
          `in ${kind} ${mid} ${ssrc}: ${report.packetsReceived} packets, ${report.framesReceived ?? '-'} frames, ` +
            `${report.framesDecoded ?? '-'} decoded, ${report.pliCount ?? '-'} pli, ${report.keyFramesDecoded ?? '-'} key`,
        );
      } else if (type === 'outbound-rtp') {
        lines.push(
          `out ${kind} ${mid} ${ssrc}: ${report.packetsSent} packets, ${report.framesEncoded ?? '-'} frames, ` +
            `${report.pliCount ?? '-'} pli, ${report.keyFramesEncoded ?? '-'} key`,
        );
      }
    }
  }
  return lines.join('; ');
}

/**
 * Runs before the page's own code: one more camera, whose picture is red and moves. Chromium's fake cameras are all of
 * one green, except the second, whose frames no connection takes.
 */
export function addRedCamera(): void {
  const { mediaDevices } = navigator;
  if (!mediaDevices) return;
  const open = mediaDevices.getUserMedia.bind(mediaDevices);
  const list = mediaDevices.enumerateDevices.bind(mediaDevices);
  const red = { kind: 'videoinput', deviceId: 'red', groupId: '', label: 'Red camera' } as const;
  mediaDevices.enumerateDevices = async () => [...(await list()), { ...red, toJSON: () => red }];
  mediaDevices.getUserMedia = async (wish) => {
    const device = typeof wish?.video === 'object' ? wish.video.deviceId : undefined;
    const isRed = typeof device === 'object' && 'exact' in device && device.exact === red.deviceId;
    if (!isRed) return open(wish);
    const canvas = Object.assign(document.createElement('canvas'), { width: 640, height: 360 });
    const stream = canvas.captureStream(20);
    let drawn = 0;
    const timer = setInterval(() => {
      if (stream.getVideoTracks()[0]?.readyState !== 'live') clearInterval(timer);
      const context = canvas.getContext('2d');
      if (!context) return;
      context.fillStyle = 'rgb(220 20 20)';
      context.fillRect(0, 0, 640, 360);
      context.fillStyle = 'rgb(120 0 0)';
      context.fillRect((drawn++ * 8) % 640, 0, 40, 360);
    }, 50);
    return stream;
  };
}
