/** Files, exports and dependencies that nothing uses. */
import { checked, runScript, type Step } from './step.ts';

export const deadCode: Step = {
  name: 'dead',
  title: 'Dead code (knip)',
  run: async () => {
    const code = await runScript('node_modules/knip/bin/knip.js', ['--no-progress', '--no-config-hints']);
    return code === 0 ? checked() : checked('knip found files, exports or dependencies that nothing uses');
  },
};
