import { prove, type Proof } from '../../../../src/inspect/check/proof.ts';
import { checkReport } from '../../../../src/inspect/check/report.ts';
import { checkText } from '../../../../src/inspect/check/text.ts';
import type { Program } from '../../../../src/inspect/program.ts';
import type { NodeView } from '../../../../src/routing/node-view.ts';
import type { ServiceRoutes } from '../../../../src/routing/routes.ts';
import { CAPTURE_HOST } from '../../../support/cases.ts';

export interface ProvingScene {
  readonly view: NodeView;
  readonly services: readonly ServiceRoutes[];
}

/** The proof on the machine that the cases were captured on. */
export function proofOf(program: Program, { view, services }: ProvingScene, limit = 3): Proof {
  const nodeAddresses = CAPTURE_HOST.interfaceAddresses;
  const proving = prove({ program, services, view, nodeAddresses, limit });
  let step = proving.next();
  while (step.done !== true) step = proving.next();
  return step.value;
}

/** What is wrong, in the words that the user would read; empty where it is proven. */
export function findings(program: Program, scene: ProvingScene): string {
  const proof = proofOf(program, scene);
  if (proof.total + proof.faults.length === 0) return '';
  return checkText(checkReport('', 'rules', [{ program, othersRules: 0, faults: proof.faults, proof }], 3));
}
