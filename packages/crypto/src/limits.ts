/**
 * Limits of the crypto package: every size, count and age, with its unit and its reason.
 */

/** Age at which a page refuses the link of a room that is not kept (D4); hours after the link's created hour. */
export const LINK_LIFE_HOURS = 48;

/** A display name in UTF-8: 64 bytes of padded plaintext less the length field, rounded down. */
export const NAME_BYTES_MAX = 60;
/** Plaintext of a sealed name, so that its length tells nothing (D20). */
export const NAME_PADDED_BYTES = 64;

/** A sealed knock on the wire (D5). An X-Wing KeyPackage takes about 2,750 bytes of it. */
export const KNOCK_SEALED_BYTES = 4096;

/** A sealed beat on the wire (D23): at 100 members an epoch change costs 9,900 of them, about 5 MB. */
export const BEAT_SEALED_BYTES = 512;
/** What remains for a beat's body beside nonce, tag, leaf key, signature and length. */
export const BEAT_BODY_BYTES_MAX = 386;

/** Retired name keys that newcomers can still read (D20): one for each rotation; the oldest fall out. 8 KiB at most. */
export const OLD_META_KEYS_MAX = 256;

/** Frames under one SFrame key (D12): far below any bound of GCM, far above 24 h at 50 a second. */
export const FRAMES_PER_KEY_MAX = 2 ** 32;
/** One encoded frame as it leaves an encoder or a depacketizer: several times a 4K key frame of a shared screen. */
export const MEDIA_FRAME_BYTES_MAX = 8 * 1024 * 1024;
/** What sealing adds at most: header 17, tag 16, the clear bytes of an envelope 10, rounded up. */
export const SEALED_FRAME_OVERHEAD_BYTES_MAX = 64;
/** Leaves that a KID can name (D11: S = 12). */
export const KID_LEAVES_MAX = 4096;
/** Contexts that one worker can open in its life (D12), so that a KID stays a safe integer. */
export const CONTEXT_COUNTERS_MAX = 2 ** 31;
/** Frames that may overtake one another under one key (D15); bits of the window. */
export const REPLAY_WINDOW_FRAMES = 1024;

// MLS

/** Leaves of the ratchet tree: room for 100 participants. */
export const MAX_LEAVES = 128;
/** Add proposals in one commit (D5). */
export const ADDS_PER_COMMIT_MAX = 32;
/** Proposals in one commit: as many Removes as there are leaves. */
export const PROPOSALS_PER_COMMIT_MAX = MAX_LEAVES;
/** A PublicMessage, Welcome or GroupInfo. The largest honest one is an X-Wing path into 127 unmerged leaves, some 150 kB. */
export const MLS_MESSAGE_BYTES_MAX = 256 * 1024;
/** An X-Wing tree of 128 leaves holds some 350 kB. */
export const TREE_BYTES_MAX = 512 * 1024;
/** A KeyPackage: 2,660 bytes with X-Wing; it travels inside a knock of 4 KiB. */
export const KEY_PACKAGE_BYTES_MAX = 4096;
/** authenticated_data of a commit: an attestation, a marker or a signed policy. */
export const AUTHENTICATED_DATA_BYTES_MAX = 32 * 1024;
/** One GroupContext extension. */
export const EXTENSION_BYTES_MAX = 32 * 1024;
/** A leaf's credential: a name sealed in 64 bytes. */
export const IDENTITY_BYTES_MAX = 256;
/** Nodes of an UpdatePath: the depth of a tree of MAX_LEAVES. */
export const PATH_NODES_MAX = 7;
/** Proposals of one member that a state holds for a later commit: a leave is repeated only with other authenticated_data. */
export const PENDING_PER_MEMBER_MAX = 4;
/** The largest number of an epoch: a beat says it in six bytes (D23). */
export const EPOCH_MAX = 2 ** 48 - 1;
/** The largest epoch of a GroupInfo that a joiner takes: 2⁴⁷ commits remain, so nobody can be led to the last one. */
export const JOIN_EPOCH_MAX = 2 ** 47;
