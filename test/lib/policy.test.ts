import test from 'ava'
import fc from 'fast-check'
import {
  admissionProblem,
  type Allocation,
  checkAdmission,
  createPolicy,
  policyNames,
  RingbackError,
  type VifDemand,
  waterFill,
} from 'ringback/policy'

import { amounts, maxMinProblem, sum, type Vif, vif, wants, type World, worlds } from './policy-cases.ts'

// The invariants of all policies over 100,000 and more random cases, and what they come to in words.

const none: Vif = { minBps: 0, capBps: Infinity, weight: 1, demandBps: Infinity, headroomBps: 0, isPressed: false }
const ratesOf = (all: readonly Allocation[]) => all.map(({ rateBps }) => rateBps)

test('water filling: what is not wanted goes to the others by weight', (t) => {
  const open = (weight: number) => ({ wantedBps: Infinity, weight })
  t.deepEqual(waterFill(100, [{ wantedBps: 10, weight: 1 }, open(2), { wantedBps: 80, weight: 1 }]), [10, 60, 30])
  t.deepEqual(
    waterFill(100, [
      { wantedBps: 10, weight: 1 },
      { wantedBps: 0, weight: 9 },
    ]),
    [10, 0],
  )
  t.deepEqual(waterFill(11, [open(1), open(1), open(1)]), [4, 4, 3], 'single bits go to the first')
  t.deepEqual(waterFill(1e15, [open(1), open(9_999)]), [1e11, 1e15 - 1e11])
  t.deepEqual(waterFill(0, [open(1)]), [0])
  t.deepEqual(waterFill(5, []), [])
})

test('water filling refuses what it cannot share exactly', (t) => {
  for (const [amount, wanted, weight] of [
    [1.5, 1, 1],
    [-1, 1, 1],
    [1e15 + 1, 1, 1],
    [Number.NaN, 1, 1],
    [1, -1, 1],
    [1, 0.5, 1],
    [1, Number.NaN, 1],
    [1, 1, 0],
    [1, 1, 10_001],
  ] as const)
    t.throws(() => waterFill(amount, [{ wantedBps: wanted, weight }]), { code: 'ERR_OUT_OF_RANGE' })
  t.throws(() => waterFill(1, {} as never), { code: 'ERR_INVALID_ARGUMENT' })
})

test('property: water filling is a weighted max-min to one bit a second, and its sum is exact', (t) => {
  fc.assert(
    fc.property(amounts, wants, (amount, all) => {
      const given = waterFill(amount, all)
      const filled = all.map((want, i) => ({ ...want, givenBps: given[i]! }))
      if (filled.some(({ givenBps, wantedBps }) => !Number.isInteger(givenBps) || givenBps < 0 || givenBps > wantedBps))
        return false
      return sum(given) === Math.min(amount, sum(all.map(({ wantedBps }) => wantedBps))) && !maxMinProblem(filled)
    }),
    { numRuns: 25_000 },
  )
  t.pass()
})

test('water filling of many with levels far apart stays exact', (t) => {
  // Each round of filling closes few: wants grow by the ratio that makes for the most rounds.
  for (const ratio of [1.02, 1.5, 2, 10]) {
    const all = Array.from({ length: 1024 }, (_, i) => ({
      wantedBps: Math.min(1e13, Math.ceil(ratio ** i)),
      weight: 1 + ((i * 7919) % 10_000),
    }))
    const amount = Math.floor(Math.min(1e15, sum(all.map(({ wantedBps }) => wantedBps)) * 0.9))
    const given = waterFill(amount, all)
    t.is(sum(given), amount)
    t.is(maxMinProblem(all.map((want, i) => ({ ...want, givenBps: given[i]! }))), null)
  }
})

const limitOf = ({ demandBps, capBps }: Vif): number => Math.min(demandBps, capBps)

/** What is true of every policy's guarantees and shares. */
function shareProblem({ capacityBps, vifs }: World, all: readonly Allocation[]): string | null {
  const minsBps = sum(vifs.map(({ minBps }) => minBps))
  const scale = minsBps > capacityBps ? capacityBps / minsBps : 1
  for (const [i, { guaranteeBps, shareBps }] of all.entries()) {
    const { minBps } = vifs[i]!
    const limit = limitOf(vifs[i]!)
    if (!Number.isInteger(guaranteeBps) || !Number.isInteger(shareBps)) return 'not whole'
    if (scale === 1 ? guaranteeBps !== minBps : Math.abs(guaranteeBps - minBps * scale) > 1) return 'not its guarantee'
    if (shareBps < Math.min(limit, guaranteeBps)) return 'less than is guaranteed and wanted'
    if (shareBps > limit) return 'more than the cap or the demand'
  }
  if (sum(all.map(({ shareBps }) => shareBps)) !== Math.min(capacityBps, sum(vifs.map(limitOf)))) return 'not the sum'
  return maxMinProblem(
    all.map(({ guaranteeBps, shareBps }, i) => {
      const served = Math.min(guaranteeBps, limitOf(vifs[i]!))
      return { givenBps: shareBps - served, wantedBps: limitOf(vifs[i]!) - served, weight: vifs[i]!.weight }
    }),
  )
}

/** What is left of the capacity after guarantees that are wanted. */
const surplusOf = (vifs: readonly Vif[], all: readonly Allocation[], capacityBps: number): number =>
  capacityBps - sum(all.map(({ guaranteeBps }, i) => Math.min(guaranteeBps, limitOf(vifs[i]!))))

/** What is true of adaptive's rates. */
function rateProblem({ capacityBps, vifs }: World, all: readonly Allocation[]): string | null {
  for (const [i, { rateBps, guaranteeBps, shareBps }] of all.entries()) {
    const { capBps, demandBps, headroomBps, weight } = vifs[i]!
    if (!Number.isInteger(rateBps)) return 'a rate is not whole'
    if (rateBps > capBps) return 'a rate above the cap'
    if (rateBps < Math.max(guaranteeBps, shareBps)) return 'a rate below the guarantee or the share'
    if (shareBps === demandBps && rateBps < Math.min(capBps, demandBps + headroomBps)) return 'no headroom'
    const byWeight = (surplusOf(vifs, all, capacityBps) * weight) / sum(vifs.map((each) => each.weight))
    if (rateBps < Math.min(capBps, Math.floor(byWeight / 10) - 1)) return 'a rate below the probe'
  }
  const sent = sum(all.map(({ rateBps }, i) => Math.min(rateBps, vifs[i]!.demandBps)))
  if (sum(all.map(({ shareBps }) => shareBps)) === capacityBps ? sent < capacityBps : sent !== sum(vifs.map(limitOf)))
    return 'what is wanted does not pass'
  const most = sum(vifs.map(({ capBps }) => capBps))
  return sum(ratesOf(all)) < Math.min(capacityBps, most) ? 'capacity that nobody may use' : null
}

test('property: every policy guarantees mins, shares the rest by weight and gives away exactly what there is', (t) => {
  const [credit, adaptive, reserved] = (['credit', 'adaptive', 'reserved'] as const).map(createPolicy)
  fc.assert(
    fc.property(worlds, (world) => {
      const { capacityBps, vifs } = world
      const caps = vifs.map(({ capBps }) => capBps)
      const rates = adaptive!.allocate(capacityBps, vifs)
      const problem = shareProblem(world, rates) ?? rateProblem(world, rates)
      if (problem !== null) throw new Error(problem)
      for (const policy of [credit!, reserved!]) {
        const all = policy.allocate(capacityBps, vifs)
        const found = shareProblem(world, all)
        if (found !== null) throw new Error(`${policy.name}: ${found}`)
        if (!all.every(({ rateBps }, i) => rateBps === caps[i])) throw new Error(`${policy.name}: not the cap`)
      }
    }),
    { numRuns: 60_000 },
  )
  t.pass()
})

test('property: adaptive gives a vif that wants more than there is its share, no more', (t) => {
  const adaptive = createPolicy('adaptive')
  fc.assert(
    fc.property(worlds, ({ capacityBps, vifs }) =>
      adaptive
        .allocate(capacityBps, vifs)
        .every(({ rateBps, shareBps }, i) => shareBps >= limitOf(vifs[i]!) || rateBps === shareBps),
    ),
    { numRuns: 10_000 },
  )
  t.pass()
})

test('property: what nobody wants goes to the pressed first, and to the others what the caps of those leave of it', (t) => {
  const adaptive = createPolicy('adaptive')
  fc.assert(
    fc.property(worlds, ({ capacityBps, vifs }) => {
      const all = adaptive.allocate(capacityBps, vifs)
      const unwanted = capacityBps - sum(all.map(({ shareBps }) => shareBps))
      const pressed = vifs.flatMap(({ isPressed, capBps }, i) => (isPressed ? [{ ...all[i]!, capBps }] : []))
      const room = sum(pressed.map(({ capBps, shareBps }) => capBps - shareBps))
      return sum(pressed.map(({ rateBps, shareBps }) => rateBps - shareBps)) >= Math.min(unwanted, room)
    }),
    { numRuns: 10_000 },
  )
  t.pass()
})

test('property: more capacity, demand, weight or min never makes a share smaller', (t) => {
  const policy = createPolicy('adaptive')
  const shareOf = (capacityBps: number, vifs: readonly VifDemand[], i = 0) =>
    policy.allocate(capacityBps, vifs)[i]!.shareBps
  fc.assert(
    fc.property(worlds, vif, fc.nat(1e9), ({ capacityBps, vifs: others }, one, more) => {
      const vifs = [one, ...others]
      const before = shareOf(capacityBps, vifs)
      // Guarantees that are scaled are rounded down, each by less than a bit.
      const slack = vifs.length + 1
      const after = [
        shareOf(Math.min(1e15, capacityBps + more), vifs),
        shareOf(capacityBps, [{ ...one, demandBps: one.demandBps + more }, ...others]),
        shareOf(capacityBps, [{ ...one, weight: Math.min(10_000, one.weight + (more % 100)) }, ...others]),
        shareOf(capacityBps, [{ ...one, minBps: Math.min(one.capBps, one.minBps + more) }, ...others]),
      ]
      return after.every((share) => share >= before - slack)
    }),
    { numRuns: 15_000 },
  )
  t.pass()
})

test('property: results that are filled again are those of a fresh policy', (t) => {
  const used = Object.fromEntries(policyNames.map((name) => [name, createPolicy(name)]))
  const results: Allocation[] = []
  fc.assert(
    fc.property(worlds, fc.constantFrom(...policyNames), ({ capacityBps, vifs }, name) => {
      const again = used[name]!.allocate(capacityBps, vifs, results)
      t.is(again, results)
      t.deepEqual(results, createPolicy(name).allocate(capacityBps, vifs))
    }),
    { numRuns: 1_000 },
  )
})

test('adaptive: what is free goes to those who are pressed, by weight and up to their caps', (t) => {
  const idle = { ...none, demandBps: 0 }
  const woke = { ...none, demandBps: 100e6, isPressed: true }
  const rates = (...vifs: Vif[]) => ratesOf(createPolicy('adaptive').allocate(1e9, vifs))
  t.deepEqual(rates(woke, idle), [1e9, 50e6])
  t.deepEqual(rates({ ...woke, isPressed: false }, idle), [550e6, 450e6])
  t.deepEqual(rates(woke, { ...woke, weight: 3 }, idle), [300e6, 700e6, 20e6])
  t.deepEqual(rates({ ...woke, capBps: 400e6 }, idle), [400e6, 600e6])
})

test('adaptive: an idle vif keeps its min, and the others share all of the rest', (t) => {
  const vifs = [{ ...none, minBps: 300e6, demandBps: 0 }, none, none, { ...none, weight: 2 }]
  t.deepEqual(ratesOf(createPolicy('adaptive').allocate(1e9, vifs)), [300e6, 250e6, 250e6, 500e6])
  const awake = vifs.map((each) => ({ ...each, demandBps: Infinity }))
  t.deepEqual(ratesOf(createPolicy('adaptive').allocate(1e9, awake)), [440e6, 140e6, 140e6, 280e6])
})

test('adaptive: what nobody wants goes to all by weight, up to the caps', (t) => {
  const vifs = [
    { ...none, demandBps: 100e6, capBps: 150e6 },
    { ...none, demandBps: 100e6 },
  ]
  t.deepEqual(ratesOf(createPolicy('adaptive').allocate(1e9, vifs)), [150e6, 850e6])
})

test('adaptive: a vif without a min that wants nothing may send a tenth of its part', (t) => {
  const vifs = [{ ...none, demandBps: 0 }, none, none, none]
  t.deepEqual(ratesOf(createPolicy('adaptive').allocate(1_200_000_000, vifs)), [30e6, 400e6, 400e6, 400e6])
})

test('mins that do not fit are scaled', (t) => {
  for (const name of policyNames) {
    const all = createPolicy(name).allocate(500e6, [
      { ...none, minBps: 600e6 },
      { ...none, minBps: 400e6 },
    ])
    t.deepEqual(
      all.map(({ guaranteeBps, shareBps }) => [guaranteeBps, shareBps]),
      [
        [300e6, 300e6],
        [200e6, 200e6],
      ],
    )
  }
})

test('a policy must be one of the three', (t) => {
  for (const name of ['fair', '', 'toString', undefined])
    t.throws(() => createPolicy(name as never), {
      instanceOf: RingbackError,
      code: 'ERR_INVALID_ARGUMENT',
      message: 'policy must be credit, adaptive, reserved',
    })
})

test('a policy refuses what it cannot share', (t) => {
  for (const name of policyNames) {
    const policy = createPolicy(name)
    const wrong: [object, string][] = [
      [{ minBps: -1 }, 'ERR_OUT_OF_RANGE'],
      [{ minBps: Infinity }, 'ERR_OUT_OF_RANGE'],
      [{ capBps: 0.5 }, 'ERR_OUT_OF_RANGE'],
      [{ demandBps: Number.NaN }, 'ERR_OUT_OF_RANGE'],
      [{ headroomBps: -1 }, 'ERR_OUT_OF_RANGE'],
      [{ weight: 0 }, 'ERR_OUT_OF_RANGE'],
      [{ weight: undefined }, 'ERR_INVALID_ARGUMENT'],
    ]
    for (const [change, code] of wrong) t.throws(() => policy.allocate(1e9, [{ ...none, ...change }]), { code })
    t.throws(() => policy.allocate(Infinity, [none]), { code: 'ERR_OUT_OF_RANGE' })
    t.throws(() => policy.allocate(1, [null as never]), { code: 'ERR_INVALID_ARGUMENT' })
    t.throws(() => policy.allocate(1, {} as never), { code: 'ERR_INVALID_ARGUMENT' })
  }
})

test('admission names the vifs, largest first, the sums and the fix', (t) => {
  const vifs = [
    { name: 'db', minBps: 500e6 },
    { name: 'idle', minBps: 0 },
    { name: 'web', minBps: 600e6 },
  ]
  t.is(admissionProblem(1.1e9, vifs, 'eth0'), null)
  t.notThrows(() => checkAdmission(1.1e9, vifs))
  t.throws(() => checkAdmission(1e9, vifs, 'eth0'), {
    instanceOf: RingbackError,
    code: 'ERR_ADMISSION',
    message:
      'the mins of "web" (600Mb/s) and "db" (500Mb/s) add up to 1.1Gb/s, 100Mb/s more than the 1Gb/s of "eth0"; ' +
      'lower them by 100Mb/s in all, or take a faster uplink',
  })
  t.is(
    admissionProblem(1e9, [{ name: 'web', minBps: 1e9 + 1 }]),
    'the min of "web" (1.000000001Gb/s) is 1b/s more than the 1Gb/s; lower it, or take a faster uplink',
  )
  const many = Array.from({ length: 20 }, (_, i) => ({ name: `vif${i}`, minBps: 100e6 + i }))
  t.regex(
    admissionProblem(1e9, many) ?? '',
    /^the mins of "vif19" [^;]+ "vif12" \(100\.000012Mb\/s\) and 12 more add up/,
  )
})
