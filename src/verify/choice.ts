import type { ServiceRoutes } from '../routing/routes.ts';

/** Whether rules are proven before they are written: not at all, a few services of each sync, or all. */
export type VerifyMode = 'off' | 'sample' | 'always';

export const VERIFY_MODES: readonly VerifyMode[] = ['off', 'sample', 'always'];

/** A service to be proven, and how many fates of its packets that may cost. */
export interface Chosen {
  readonly service: ServiceRoutes;
  readonly fates: number;
}

/** Services of a sync that are proven by `sample`: so many of a small one, and one of so many of a large one. */
const FEWEST = 4;
const ONE_OF = 100;
/** Fates of packets that a service of a sample may cost, some 7 microseconds each: a third of all, with 2 endpoints. */
const SAMPLE_FATES = 10;
/** By `always` for one service: a seventh of a second, which a service of 130 endpoints takes for all of its packets. */
const MOST_FATES = 20_000;

/**
 * Chooses what is proven of a sync. What a sample costs depends on the number of its services alone, but for a
 * service with very many endpoints, of which at least one packet is tried.
 *
 * @param services that are about to be written
 * @param suspects those that could not be proven lately: they come first
 * @param random from 0 up to 1
 */
export function choose(
  mode: VerifyMode,
  services: readonly ServiceRoutes[],
  suspects: ReadonlySet<string>,
  random: () => number,
): readonly Chosen[] {
  switch (mode) {
    case 'off':
      return [];
    case 'always':
      return services.map((service) => ({ service, fates: MOST_FATES }));
    case 'sample': {
      const most = Math.max(FEWEST, Math.ceil(services.length / ONE_OF));
      const sample = drawn(services, suspects, most, random);
      // A suspect must not get through by luck.
      return sample.map((service) => ({
        service,
        fates: suspects.has(service.service) ? MOST_FATES : SAMPLE_FATES,
      }));
    }
  }
}

function drawn(
  services: readonly ServiceRoutes[],
  suspects: ReadonlySet<string>,
  most: number,
  random: () => number,
): readonly ServiceRoutes[] {
  if (services.length <= most) return services;
  const chosen = new Set<ServiceRoutes>();
  if (suspects.size > 0) {
    for (const service of services) {
      if (chosen.size < most && suspects.has(service.service)) chosen.add(service);
    }
  }
  // More tries than are needed, so that it ends whatever the random numbers are.
  for (let tries = 0; chosen.size < most && tries < most * 4; tries += 1) {
    const service = services[Math.floor(random() * services.length)];
    if (service !== undefined) chosen.add(service);
  }
  return [...chosen];
}
