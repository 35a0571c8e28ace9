/** Chains KUBE-WAY-0 and on, each of which leads to the next one by these rules, a line each. */
export function waysBy(rules: readonly string[], length: number): readonly string[] {
  const numbers = Array.from({ length }, (_, index) => index);
  return [
    ...[...numbers, length].map((number) => `:KUBE-WAY-${number} - [0:0]`),
    ...numbers.flatMap((number) =>
      rules.map((rule) => `-A KUBE-WAY-${number} ${rule} KUBE-WAY-${number + 1}`),
    ),
  ];
}

/** Half of the packets, as iptables-save prints it. */
export const HALF = '-m statistic --mode random --probability 0.50000000000';
