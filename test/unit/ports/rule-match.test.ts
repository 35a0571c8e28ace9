import { describe, expect, it } from 'vitest';
import type { Claim, FamilyClaim } from '../../../src/ports/claims.ts';
import { kernelReading } from '../../../src/ports/kernel-rules.ts';
import { matchRules } from '../../../src/ports/rule-match.ts';
import { kernel } from './building.ts';

const LABEL = 'default/webapp1-nodeport-svc';
const comment = (text: string) => `-m comment --comment ${text.includes(' ') ? `"${text}"` : text}`;
const nodePort = (packets: number, target: string, of = LABEL) =>
  `[${packets}:${packets * 60}] -A KUBE-NODEPORTS -p tcp ${comment(of)} -m tcp --dport 30080 -j ${target}`;

const CLAIM: Claim = {
  port: 30080,
  protocol: 'tcp',
  use: 'traffic',
  service: LABEL,
  policy: 'Cluster',
  families: [],
};
const of = (fate: FamilyClaim['fate']): FamilyClaim => ({
  family: 'ipv4',
  fate,
  endpoints: { local: 0, total: 0 },
});

describe('the rule of a node port', () => {
  it.each([
    ['of 1.36', LABEL, 'KUBE-EXT-X42AMYO3K4UIBY54'],
    ['of 1.18', LABEL, 'KUBE-SVC-X42AMYO3K4UIBY54'],
    ['before 1.18', `${LABEL}:`, 'KUBE-SVC-J2DWGRZTH4C2LPA4'],
    ['before 1.18, policy Local', `${LABEL}:`, 'KUBE-XLB-J2DWGRZTH4C2LPA4'],
  ])('%s is known again', (_, label, target) => {
    const rules = kernel([], [nodePort(12, 'KUBE-MARK-MASQ', label), nodePort(12, target, label)]);
    expect(matchRules(CLAIM, of('forwarded'), rules)).toEqual({
      rule: 'present',
      packets: 12,
      turnedAway: null,
    });
  });

  it('has a rule beside it where kube-proxy counts localhost apart', () => {
    const localhost =
      '[3:180] -A KUBE-NODEPORTS -d 127.0.0.0/8 -p tcp -m comment --comment "default/webapp1-nodeport-svc" -m tcp --dport 30080 -m nfacct --nfacct-name  localhost_nps_accepted_pkts -j KUBE-EXT-X42AMYO3K4UIBY54';
    const rules = kernel([], [localhost, nodePort(12, 'KUBE-EXT-X42AMYO3K4UIBY54')]);
    expect(matchRules(CLAIM, of('forwarded'), rules).packets).toBe(15);
  });

  it('is found in the trees of the indexed layout, with its comment last or without one', () => {
    const jump = '[40:2400] -A KUBE-NODEPORTS -p tcp -m tcp --dport 30080:30095 -j KUBE-NP-T-30080-30095';
    const found = (end: string) => {
      const leaf = `[12:720] -A KUBE-NP-T-30080-30095 -p tcp -m tcp --dport 30080${end} -j KUBE-EXT-X42AMYO3K4UIBY54`;
      return matchRules(CLAIM, of('forwarded'), kernel([], [jump, leaf]));
    };
    expect(found('')).toEqual({ rule: 'present', packets: 12, turnedAway: null });
    expect(found(` ${comment(LABEL)}`)).toEqual(found(''));
    const refusal =
      '[7:420] -A KUBE-RE-T-30080-30095 -p tcp -m addrtype --dst-type LOCAL -m tcp --dport 30080 -j DROP';
    expect(matchRules(CLAIM, of('refused'), kernel([refusal], [jump]))).toEqual({
      rule: 'present',
      packets: null,
      turnedAway: 7,
    });
  });

  it.each([
    ['missing', []],
    ['missing', [nodePort(1, 'KUBE-EXT-X42AMYO3K4UIBY54').replace('30080', '300801')]],
    ['missing', [nodePort(1, 'KUBE-EXT-X42AMYO3K4UIBY54').replace('-p tcp', '-p udp')]],
    ['foreign', [nodePort(1, 'KUBE-EXT-AAAAAAAAAAAAAAAA', 'web/old')]],
  ])('is %s with %j', (rule, lines) => {
    expect(matchRules(CLAIM, of('forwarded'), kernel([], lines))).toMatchObject({ rule, packets: null });
  });

  it.each(['REJECT --reject-with icmp-port-unreachable', 'DROP'])('without endpoints is a %s', (target) => {
    const refusal = (label: string, extra = '-m addrtype --dst-type LOCAL') =>
      `[7:420] -A KUBE-EXTERNAL-SERVICES -p tcp ${comment(`${label} has no endpoints`)} ${extra} -m tcp --dport 30080 -j ${target}`;
    const found = (line: string) => matchRules(CLAIM, of('refused'), kernel([line], []));
    expect(found(refusal(LABEL))).toEqual({ rule: 'present', packets: null, turnedAway: 7 });
    expect(found(refusal(`${LABEL}:`))).toEqual({ rule: 'present', packets: null, turnedAway: 7 });
    expect(found(refusal('web/old'))).toEqual({ rule: 'foreign', packets: null, turnedAway: null });
    const external = refusal(LABEL).replace('-p tcp', '-d 192.0.2.1/32 -p tcp');
    expect(found(external)).toEqual({ rule: 'missing', packets: null, turnedAway: null });
  });

  it('of health checks lets them in', () => {
    const line =
      '[9:540] -A KUBE-NODEPORTS -p tcp -m comment --comment "default/hc health check node port" -m tcp --dport 32100 -j ACCEPT';
    const claim: Claim = { ...CLAIM, port: 32100, use: 'healthChecks', service: 'default/hc' };
    expect(matchRules(claim, of('healthy'), kernel([line], []))).toEqual({
      rule: 'present',
      packets: 9,
      turnedAway: null,
    });
  });

  it('is not looked for where no proxy has written any', () => {
    const untouched = kernelReading().finish();
    expect(matchRules(CLAIM, of('forwarded'), untouched)).toEqual(
      matchRules(CLAIM, of('forwarded'), undefined),
    );
    expect(matchRules(CLAIM, of('forwarded'), undefined).rule).toBeNull();
  });

  it('is not found in the words of a comment', () => {
    const line =
      '[1:60] -A KUBE-NODEPORTS -p tcp -m comment --comment "-m tcp --dport 30080 -j KUBE-EXT-X42AMYO3K4UIBY54" -m tcp --dport 1 -j KUBE-EXT-X42AMYO3K4UIBY54';
    expect(matchRules(CLAIM, of('forwarded'), kernel([], [line])).rule).toBe('missing');
  });
});
