/**
 * Who, by the SFU's word, sent the track that a receiver carries. A veto and nothing else: a member who seals in another's
 * name can send that only on a track of their own. It shows nothing, and what it does not know it does not forbid (D16).
 *
 * @see SPEC.md S110
 */

export type Carriers = {
  /** Whose track the SFU says it is; undefined when it carries nobody's. */
  readonly setCarrier: (receiverId: number, participantId: string | undefined) => void;
  /** LiveKit identities by leaf key (hexadecimal), of everybody in the tree; in place of those before. */
  readonly setPeople: (participantIds: ReadonlyMap<string, string>) => void;
  /** True if both are known and the track is not of this person. */
  readonly contradict: (receiverId: number, leafKey: string) => boolean;
};

export function createCarriers(): Carriers {
  const carriers = new Map<number, string>();
  let people: ReadonlyMap<string, string> = new Map();
  return {
    setCarrier: (receiverId, participantId) => {
      if (participantId === undefined) carriers.delete(receiverId);
      else carriers.set(receiverId, participantId);
    },
    setPeople: (participantIds) => {
      people = participantIds;
    },
    contradict: (receiverId, leafKey) => {
      const [carrier, own] = [carriers.get(receiverId), people.get(leafKey)];
      return carrier !== undefined && own !== undefined && carrier !== own;
    },
  };
}
