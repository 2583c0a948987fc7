/** Tries the ways around the guard, in a page where it is installed. Answers with the names of those that worked. */

export async function waysAround(): Promise<readonly string[]> {
  const ways: readonly [string, () => unknown][] = [
    ['createEncodedStreams of senders', () => 'createEncodedStreams' in RTCRtpSender.prototype],
    ['createEncodedStreams of receivers', () => 'createEncodedStreams' in RTCRtpReceiver.prototype],
    ['no transform', () => withSender((sender) => set(sender, null))],
    ['another transform', () => withSender((sender) => set(sender, sender.transform))],
    ['a redefined setter', () => Reflect.deleteProperty(RTCRtpSender.prototype, 'transform')],
    ['the constructor of a prototype', () => RTCPeerConnection.prototype.constructor !== RTCPeerConnection],
    ['the constructor behind', () => Object.getPrototypeOf(RTCPeerConnection) !== EventTarget],
    [
      'an alias',
      () => 'webkitRTCPeerConnection' in window && window.webkitRTCPeerConnection !== RTCPeerConnection,
    ],
    ['a sender born without', () => withSender((sender) => sender.transform === null)],
    ['a receiver born without', () => withTransceiver(({ receiver }) => receiver.transform === null)],
    ['a sender of addTrack born without', () => withTrack((sender) => sender.transform === null)],
    ['a sender of a remote offer born without', () => ofRemoteOffer()],
    ['addStream', () => withConnection((connection) => 'addStream' in connection && addStream(connection))],
    ['a configuration without the flag', () => withConnection((connection) => isFlagLost(connection))],
    ['loudness in an offer', () => offerHasLoudness()],
    ['loudness in an implied offer', () => impliedOfferHasLoudness()],
    ['loudness in an answer', () => answerHasLoudness()],
  ];
  const open: string[] = [];
  for (const [name, attempt] of ways) {
    // An attempt that throws has failed.
    if (
      await Promise.resolve()
        .then(attempt)
        .catch(() => false)
    )
      open.push(name);
  }
  return open;
}

function set(sender: RTCRtpSender, transform: RTCRtpScriptTransform | null): boolean {
  sender.transform = transform;
  return true;
}

async function withConnection<T>(use: (connection: RTCPeerConnection) => T | Promise<T>): Promise<T> {
  const connection = new RTCPeerConnection();
  try {
    return await use(connection);
  } finally {
    connection.close();
  }
}

function withTransceiver<T>(use: (transceiver: RTCRtpTransceiver) => T): Promise<T> {
  return withConnection((connection) => use(connection.addTransceiver('video', { direction: 'recvonly' })));
}

function withSender<T>(use: (sender: RTCRtpSender) => T): Promise<T> {
  return withTransceiver(({ sender }) => use(sender));
}

function withTrack<T>(use: (sender: RTCRtpSender) => T): Promise<T> {
  const [track] = document.createElement('canvas').captureStream().getVideoTracks();
  if (!track) throw new Error('no track');
  return withConnection((connection) => use(connection.addTrack(track)));
}

function addStream(connection: RTCPeerConnection & { readonly addStream?: unknown }): boolean {
  const add = connection.addStream as (stream: MediaStream) => void;
  add.call(connection, new MediaStream());
  return true;
}

/** Chromium throws if a configuration lacks the flag that the connection was made with; the guard puts it in. */
function isFlagLost(connection: RTCPeerConnection): boolean {
  try {
    connection.setConfiguration({ iceServers: [] });
    return false;
  } catch {
    return true;
  }
}

async function ofRemoteOffer(): Promise<boolean> {
  return withConnection(async (caller) => {
    caller.addTransceiver('video');
    return withConnection(async (callee) => {
      await callee.setRemoteDescription(await caller.createOffer());
      return callee
        .getTransceivers()
        .some(({ sender, receiver }) => sender.transform === null || receiver.transform === null);
    });
  });
}

const LOUDNESS = 'ssrc-audio-level';

function offerHasLoudness(): Promise<boolean> {
  return withConnection(async (connection) => {
    connection.addTransceiver('audio');
    const { sdp } = await connection.createOffer();
    return sdp?.includes(LOUDNESS) ?? true;
  });
}

function impliedOfferHasLoudness(): Promise<boolean> {
  return withConnection(async (connection) => {
    connection.addTransceiver('audio');
    await connection.setLocalDescription();
    return connection.localDescription?.sdp.includes(LOUDNESS) ?? true;
  });
}

/** The offer that a stranger made has loudness; the answer must not take it up. */
function answerHasLoudness(): Promise<boolean> {
  return withConnection(async (caller) => {
    caller.addTransceiver('audio');
    const { sdp = '' } = await caller.createOffer();
    const extension = 'a=extmap:9 urn:ietf:params:rtp-hdrext:ssrc-audio-level\r\n';
    const offer = sdp.replace(/a=mid:/, `${extension}a=mid:`);
    return withConnection(async (callee) => {
      await callee.setRemoteDescription({ type: 'offer', sdp: offer });
      const answer = await callee.createAnswer();
      await callee.setLocalDescription();
      return [answer.sdp, callee.localDescription?.sdp].some((text) => text?.includes(LOUDNESS) ?? true);
    });
  });
}
