import fc from 'fast-check';
import { expect, test } from 'vitest';
import { randomBytes } from '../test/small-call.ts';
import { decodeMarker, encodeMarker, type Marker } from './markers.ts';

const attestation = () => ({ leafKey: randomBytes(32), signature: randomBytes(64) });
const markers: readonly Marker[] = [
  { t: 'none' },
  { t: 'freeze' },
  { t: 'kick', key: randomBytes(32) },
  { t: 'kick', key: randomBytes(32), policy: randomBytes(300) },
  { t: 'attested', attestations: [attestation()] },
  { t: 'attested', attestations: [attestation(), attestation(), attestation()] },
];

test('[C11] every marker is read as what it was written', () => {
  for (const marker of markers) expect(decodeMarker(encodeMarker(marker))).toEqual(marker);
});

test('[C11] a marker that is cut or lengthened is none, a kick’s policy aside', () => {
  for (const marker of markers) {
    const bytes = encodeMarker(marker);
    for (let length = 1; length < bytes.length; length++) {
      const cut = decodeMarker(bytes.slice(0, length));
      if (marker.t !== 'kick' || length < 48) expect(cut).toBeUndefined();
    }
    if (marker.t === 'freeze' || marker.t === 'attested') {
      const longer = new Uint8Array(bytes.length + 1);
      longer.set(bytes);
      expect(decodeMarker(longer)).toBeUndefined();
    }
  }
});

test('[C11] arbitrary bytes never throw, and what is read writes back to them', () => {
  const head = fc.constantFrom('conclave kick v1', 'conclave freeze v1', 'conclave attested v1', '');
  fc.assert(
    fc.property(head, fc.uint8Array({ maxLength: 300 }), (label, tail) => {
      const bytes = new Uint8Array([...new TextEncoder().encode(label), ...tail]);
      const marker = decodeMarker(bytes);
      if (marker !== undefined) expect(encodeMarker(marker)).toEqual(bytes);
    }),
  );
});

test('[C11] an empty list of attestations has no form', () => {
  expect(() => encodeMarker({ t: 'attested', attestations: [] })).toThrow(RangeError);
});
