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
    ['a receiver of addTrack born without', () => withTrackOf((connection) => hasUnguarded(connection))],
    ['a sender of an offer that only receives born without', () => ofRemoteOffer('recvonly')],
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
  return withTrackOf((_, sender) => use(sender));
}

function withTrackOf<T>(use: (connection: RTCPeerConnection, sender: RTCRtpSender) => T): Promise<T> {
  const [track] = document.createElement('canvas').captureStream().getVideoTracks();
  if (!track) throw new Error('no track');
  return withConnection((connection) => use(connection, connection.addTrack(track)));
}

function hasUnguarded(connection: RTCPeerConnection): boolean {
  return connection
    .getTransceivers()
    .some(({ sender, receiver }) => sender.transform === null || receiver.transform === null);
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

async function ofRemoteOffer(direction: RTCRtpTransceiverDirection = 'sendrecv'): Promise<boolean> {
  return withConnection(async (caller) => {
    caller.addTransceiver('video', { direction });
    return withConnection(async (callee) => {
      await callee.setRemoteDescription(await caller.createOffer());
      return hasUnguarded(callee);
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

/** With a worker that is gone: whether a sender stands there that could send, after each way to make one. */
export async function isSendingUnguarded(): Promise<readonly boolean[]> {
  const [track] = document.createElement('canvas').captureStream().getVideoTracks();
  if (!track) throw new Error('no track');
  const makes: readonly ((connection: RTCPeerConnection) => unknown)[] = [
    (connection) => connection.addTransceiver(track, { direction: 'sendonly' }),
    (connection) => connection.addTrack(track),
  ];
  return Promise.all(
    makes.map((make) =>
      withConnection((connection) => {
        try {
          make(connection);
        } catch {
          // It was refused; what matters is what is left.
        }
        return connection
          .getTransceivers()
          .some(({ sender, direction }) => direction !== 'stopped' && sender.transform === null);
      }),
    ),
  );
}
