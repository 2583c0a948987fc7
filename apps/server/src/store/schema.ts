/**
 * Schema: the rows of live calls. Every table hangs on `calls`, so that one delete takes everything a call had.
 * Ids are base64url text, times are milliseconds since the Unix epoch, bytes are blobs, booleans are 0 and 1.
 */

export interface Database {
  calls: CallsTable;
  earlier_access: EarlierAccessTable;
  members: MembersTable;
  log_entries: LogEntriesTable;
  proposals: ProposalsTable;
  trees: TreesTable;
}

interface CallsTable {
  /** The SHA-256 of the room's id. */
  room_id: string;
  call_id: Uint8Array;
  host_key_hash: Uint8Array;
  access_hash: Uint8Array;
  /** PKCS #8 of the key that signs attestations (D8). */
  server_key: Uint8Array;
  group_id: Uint8Array | null;
  epoch: number;
  is_frozen: number;
  group_info: Uint8Array | null;
  created_at: number;
}

interface EarlierAccessTable {
  room_id: string;
  access_hash: Uint8Array;
}

interface MembersTable {
  room_id: string;
  participant_id: string;
  leaf_key: Uint8Array;
  joined_epoch: number;
  /** The epoch that the removing commit ended. */
  left_epoch: number | null;
}

interface LogEntriesTable {
  room_id: string;
  epoch: number;
  phase: string;
  commit_bytes: Uint8Array;
  /** Participant ids, JSON. */
  joined: string;
  left: string;
  next_access_hash: Uint8Array | null;
}

interface ProposalsTable {
  room_id: string;
  epoch: number;
  position: number;
  message: Uint8Array;
}

interface TreesTable {
  room_id: string;
  epoch: number;
  tree: Uint8Array;
}
