/** LiveKit's server, which some unit tests and all end-to-end tests run: found, or built once into `.cache`. */
import { defaultSearch, findLiveKit } from '../../apps/server/src/livekit/find.ts';
import { checked, IS_CI, type Step } from './step.ts';

export const livekit: Step = {
  name: 'livekit',
  title: 'LiveKit server',
  run: async () => {
    const cacheDir = process.env['CONCLAVE_CACHE'] || undefined;
    const found = await findLiveKit(defaultSearch(cacheDir, (line) => console.log(line)));
    if (found.ok) {
      console.log(`${found.value.path}, version ${found.value.version}`);
      return checked();
    }
    console.log(found.error);
    const reason = 'there is none and no Go to build it: what needs it is left out';
    return IS_CI ? checked(reason) : { kind: 'skipped', reason };
  },
};
