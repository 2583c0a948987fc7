/** livekit-client's own worker, for the passphrase mode. */
import 'livekit-client/e2ee-worker';
