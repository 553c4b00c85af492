import type { SavedResults } from 'ringback'

type Bond = SavedResults['bonds'][string]

/** Made results whose NIC got a second one beside it, both in a bond: the second is in use from the middle on. */
export function withBond(results: SavedResults, change: Partial<Bond> = {}): SavedResults {
  const { nics, series, uplinks } = results
  const [eth0, columns] = [nics.eth0!, series.nics.eth0!]
  const middle = Math.floor(series.t.length / 2)
  const bond: Bond = {
    mode: 'active-backup',
    nics: ['eth0', 'eth1'],
    sentPackets: 123_456,
    sentBytes: 185_184_000,
    drops: 7,
    droppedBytes: 10_500,
    inactiveDrops: 5,
    inactiveDroppedBytes: 7500,
    reordered: 42,
    failovers: 1,
    ownFrames: 3,
    capacityBps: 500e6,
    activeNic: 'eth1',
    upNics: 1,
    ...change,
  }
  const usesOne = bond.mode === 'active-backup'
  return {
    ...results,
    nics: { eth0, eth1: { ...eth0 } },
    bonds: { bond0: bond },
    uplinks: { bond0: { ...uplinks.eth0! } },
    series: {
      ...series,
      nics: { eth0: columns, eth1: { ...columns, utilisation: columns.utilisation.map((part) => part / 2) } },
      bonds: {
        bond0: {
          capacityBps: series.t.map((_, i) => (i < middle ? 1e9 : 500e6)),
          upNics: series.t.map((_, i) => (i < middle ? 2 : 1)),
          failovers: series.t.map((_, i) => Number(i === middle)),
          ...(usesOne && { activeNic: series.t.map((_, i) => (i < middle ? 'eth0' : 'eth1')) }),
        },
      },
    },
  }
}
