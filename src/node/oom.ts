import { ensureSetting, type SettingOutcome } from './kernel-setting.ts';

const OOM_SCORE_ADJ = '/proc/self/oom_score_adj';

/**
 * Tells the kernel how likely it shall kill this process when memory runs out: from -1000 (never) to
 * 1000 (first). Lowering it takes CAP_SYS_RESOURCE; a refusal is worth a line in the log, no more.
 *
 * Source: Run in cmd/kube-proxy/app/server.go.
 *
 * @param root where /proc is found, `/` but in tests
 */
export async function applyOomScoreAdj(value: number, root = '/'): Promise<SettingOutcome> {
  return await ensureSetting(root, { path: OOM_SCORE_ADJ, value });
}
