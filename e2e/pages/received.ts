/** What the browser itself says it has received, decoded and played: over every connection of a page. */

export type Received = {
  readonly videoPackets: number;
  readonly framesDecoded: number;
  readonly audioPackets: number;
  readonly audioEnergy: number;
  readonly framesSent: number;
  readonly packetsSent: number;
  readonly bytesSent: number;
};

const connections = new Set<RTCPeerConnection>();

/** Notes every connection of this page from now on; call before any is made. */
export function noteConnections(): void {
  const setRemoteDescription: (
    this: RTCPeerConnection,
    description: RTCSessionDescriptionInit,
  ) => Promise<void> = RTCPeerConnection.prototype.setRemoteDescription;
  RTCPeerConnection.prototype.setRemoteDescription = function (description: RTCSessionDescriptionInit) {
    connections.add(this);
    return setRemoteDescription.call(this, description);
  };
}

export async function received(): Promise<Received> {
  const sum = {
    videoPackets: 0,
    framesDecoded: 0,
    audioPackets: 0,
    audioEnergy: 0,
    framesSent: 0,
    packetsSent: 0,
    bytesSent: 0,
  };
  for (const connection of connections) {
    if (connection.signalingState === 'closed') continue;
    const report = await connection.getStats();
    report.forEach((stats: Record<string, unknown>) => {
      const count = (name: string) => Number(stats[name] ?? 0);
      if (stats['type'] === 'inbound-rtp' && stats['kind'] === 'video') {
        sum.videoPackets += count('packetsReceived');
        sum.framesDecoded += count('framesDecoded');
      } else if (stats['type'] === 'inbound-rtp') {
        sum.audioPackets += count('packetsReceived');
        sum.audioEnergy += count('totalAudioEnergy');
      } else if (stats['type'] === 'outbound-rtp') {
        sum.framesSent += count('framesSent');
        sum.packetsSent += count('packetsSent');
        sum.bytesSent += count('bytesSent');
      }
    });
  }
  return sum;
}
