import type { Check } from './checks.ts';
import type { Lab } from './lab.ts';
import type { LabRequest } from './request.ts';
import { judge, type Verdict } from './verdict.ts';

/** Requests of which none must arrive: few are enough, and those that hang take their time. */
const FEW = 3;
/**
 * Milliseconds of silence after which a request counts as dropped. A refusal may take a second: where
 * packets take no time, it comes while connect() still holds the socket, and IPv6 takes note only of the
 * answer to the first retransmission.
 */
const SILENCE = 1_500;
/** For requests that must arrive: a busy machine is no reason to give up. */
const PATIENCE = 3_000;
/** Unanswered requests that show well enough that something is wrong. */
const ENOUGH_TIMEOUTS = 3;

/**
 * Sends all requests that a lab's checks ask for.
 *
 * @param requests for each check whose requests must arrive
 * @returns verdicts in the order of the checks
 */
export async function play(lab: Lab, requests: number): Promise<readonly Verdict[]> {
  const verdicts = new Map<Check, Verdict>();
  // Askers of different places work at once; one place's requests would wait for each other.
  const byPlace = Map.groupBy(lab.checks, ({ source }) => source.kind);
  await Promise.all(
    [...byPlace.values()].map(async (checks) => {
      for (const check of checks) verdicts.set(check, await playCheck(lab, check, requests));
    }),
  );
  return lab.checks.map((check) => verdicts.get(check)).filter((verdict) => verdict !== undefined);
}

async function playCheck(lab: Lab, check: Check, requests: number): Promise<Verdict> {
  const { source, destination, protocol, expectation } = check;
  const mustArrive = expectation.kind === 'arrives';
  const from: LabRequest['from'] = source.kind === 'node' ? 'node' : `${source.kind}:${source.address}`;
  const outcomes = await lab.request({
    from,
    to: { address: destination.address, port: destination.port, protocol },
    count: mustArrive ? requests : Math.min(requests, FEW),
    timeout: expectation.kind === 'dropped' ? SILENCE : PATIENCE,
    ...(mustArrive ? { enoughTimeouts: ENOUGH_TIMEOUTS } : {}),
  });
  return judge(check, outcomes, lab.topology.node.addresses);
}
