import test from 'ava'
import fc from 'fast-check'
import { bondWords, checkScenario, Simulation } from 'ringback'
import type { BondConfig } from 'ringback'

import { anyBonds } from '../lib/any-bonds.ts'
import { built } from '../lib/built.ts'

// What mins are admitted against is what the native bond says that it carries while all of its NICs are up.

const { bondCapacityBps } = await built<typeof import('../../lib/bonding/capacity.js')>('bonding/capacity')

/** Mins are admitted against the slowest then, and at the start the first one is in use. */
const isAnyNic = ({ mode, primary }: BondConfig): boolean => mode === 'active-backup' && primary === null

const speeds = [1e9, 1e9, 2.5e9, 10e9]

async function carried(bonds: readonly BondConfig[], rateOf: (nic: string) => number): Promise<number[]> {
  const nics = bonds.flatMap((bond) => bond.nics.map((nic) => [nic, { rate: `${rateOf(nic) / 1e6}Mb/s` }] as const))
  const simulation = await Simulation.create(
    checkScenario({
      name: 'capacity',
      duration: '1s',
      nics: Object.fromEntries(nics),
      bonds: Object.fromEntries(bonds.map((bond) => [bond.name, bondWords(bond)])),
      vifs: { web: { uplink: bonds[0]?.name ?? '' } },
      traffic: [{ kind: 'constant', vif: 'web', rate: '1Mb/s', size: 1500 }],
    }),
  )
  try {
    return bonds.map(({ name }) => simulation.bonds[name]?.capacityBps ?? -1)
  } finally {
    simulation.close()
  }
}

test('a bond of any mode, with NICs of any speeds, carries what is admitted', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      anyBonds({ partner: true }),
      fc.array(fc.constantFrom(...speeds), { minLength: 4, maxLength: 4 }),
      async (bonds, rates) => {
        const rateOf = (nic: string): number => rates[Number(nic.slice(3, 4))] ?? 0
        t.deepEqual(
          await carried(bonds, rateOf),
          bonds.map((bond) => (isAnyNic(bond) ? rateOf(bond.nics[0] ?? '') : bondCapacityBps(bond, rateOf))),
        )
      },
    ),
    { numRuns: 200 },
  )
})
