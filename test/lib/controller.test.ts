import test from 'ava'
import { Controller, type ControllerOptions, type ControlSample, type Decision } from 'ringback/policy'

// What a controller decides and refuses, call by call. How it behaves over time: controller-loop.test.ts.

const options: ControllerOptions = {
  policy: 'adaptive',
  uplinks: [{ name: 'eth0', capacityBps: 1e9 }],
  vifs: [
    { name: 'web', uplink: 'eth0', capBps: null, minBps: 300e6, weight: 1 },
    { name: 'bulk', uplink: 'eth0', capBps: 900e6, minBps: 0, weight: 1 },
    { name: 'free', uplink: null, capBps: 50e6, minBps: 0, weight: 1 },
  ],
}
const make = (change: Partial<ControllerOptions> = {}) => new Controller({ ...options, ...change })
const ratesOf = ({ vifs }: Decision) => vifs.map(({ rateBps }) => rateBps)

/** Counters after so many intervals of 100 ms at these rates. */
function sampleOf(intervals: number, bps: readonly number[], capacityBps = 1e9): ControlSample {
  const bytes = bps.map((each) => (each * intervals) / 80)
  return {
    timeNs: intervals * 1e8,
    vifs: bytes.map((each) => ({ bytes: each, heldBackNs: 0 })),
    uplinks: [{ bytes: bytes.reduce((sum, each) => sum + each, 0), capacityBps }],
  }
}

test('before anything is measured everybody has its min and its part of the rest', (t) => {
  const first = make().decide()
  t.deepEqual(ratesOf(first), [650e6, 350e6, 50e6])
  t.true(first.isChanged)
  t.deepEqual(
    first.vifs.map(({ demandBps, guaranteeBps, shareBps }) => [demandBps, guaranteeBps, shareBps]),
    [
      [null, 300e6, 650e6],
      [null, 0, 350e6],
      [null, 0, 50e6],
    ],
  )
  t.deepEqual(first.uplinks, [{ isBusy: false, minScale: 1 }])
})

test('the first sample changes nothing, the second is measured', (t) => {
  const controller = make()
  t.deepEqual(ratesOf(controller.tick(sampleOf(0, [0, 0, 0]))), [650e6, 350e6, 50e6])
  const { vifs, isChanged } = controller.tick(sampleOf(1, [100e6, 200e6, 10e6]))
  t.deepEqual(
    vifs.map(({ demandBps }) => demandBps),
    [100e6, 200e6, 10e6],
  )
  t.true(isChanged)
  t.deepEqual(ratesOf(controller.decide()), [450e6, 550e6, 50e6], 'what nobody wants is shared by weight')
})

test('a decision says whether a rate or a guarantee is new, and is one object', (t) => {
  const controller = make()
  const first = controller.tick(sampleOf(0, [0, 0, 0]))
  t.true(first.isChanged)
  t.is(controller.tick(sampleOf(1, [100e6, 200e6, 0])), first)
  t.true(first.isChanged)
  t.false(controller.tick(sampleOf(2, [100e6, 200e6, 0])).isChanged)
  t.false(controller.decide().isChanged)
  controller.setMin('web', 310e6)
  t.true(controller.decide().isChanged)
})

test('a step of less than a hundredth waits, one of a hundredth does not', (t) => {
  const controller = make()
  controller.tick(sampleOf(0, [0, 0, 0]))
  const before = ratesOf(controller.tick(sampleOf(1, [100e6, 200e6, 0])))
  let sent = sampleOf(1, [100e6, 200e6, 0]).vifs.map(({ bytes }) => Number(bytes))
  const after = (timeNs: number, bps: readonly number[]) => {
    sent = sent.map((bytes, i) => bytes + bps[i]! / 80)
    return ratesOf(
      controller.tick({
        timeNs,
        vifs: sent.map((bytes) => ({ bytes, heldBackNs: 0 })),
        uplinks: [{ bytes: 0, capacityBps: 1e9 }],
      }),
    )
  }
  t.deepEqual(after(2e8, [104e6, 200e6, 0]), before)
  t.deepEqual(after(3e8, [120e6, 200e6, 0]), [460e6, 540e6, 50e6])
})

test('a setter takes effect however small the step, and at once', (t) => {
  const controller = make()
  controller.decide()
  controller.setCap('web', 649_999_999)
  t.deepEqual(ratesOf(controller.decide()), [649_999_999, 350_000_001, 50e6])
  controller.setCap('web', null)
  controller.setMin('web', 0)
  t.deepEqual(ratesOf(controller.decide()), [500e6, 500e6, 50e6])
  controller.setWeight('bulk', 3)
  t.deepEqual(ratesOf(controller.decide()), [250e6, 750e6, 50e6])
  controller.setCap('free', null)
  t.deepEqual(ratesOf(controller.decide()), [250e6, 750e6, null])
  controller.setCapacity('eth0', 1_000_000_004)
  t.deepEqual(ratesOf(controller.decide()), [250_000_001, 750_000_003, null])
})

test('a little less capacity takes effect, a little more waits until it is worth a step', (t) => {
  const controller = make()
  controller.decide()
  const rates = (intervals: number, capacityBps: number) =>
    ratesOf(controller.tick({ ...sampleOf(intervals, [0, 0, 0], capacityBps), timeNs: 0 }))
  t.deepEqual(rates(0, 1e9), [650e6, 350e6, 50e6])
  t.deepEqual(rates(0, 999_999_998.7), [649_999_999, 349_999_999, 50e6])
  t.deepEqual(rates(0, 1.001e9), [649_999_999, 349_999_999, 50e6])
  t.deepEqual(rates(0, 1.008e9), [654e6, 354e6, 50e6])
  t.deepEqual(rates(0, 0.9e9), [600e6, 300e6, 50e6])
  t.deepEqual(rates(0, 0.901e9), [600e6, 300e6, 50e6], 'what counts is the capacity that the rates were made for')
  t.deepEqual(rates(0, 200e6), [200e6, 0, 50e6])
  t.deepEqual(rates(0, 201e6), [201e6, 0, 50e6], 'but a guarantee never waits')
})

for (const policy of ['credit', 'reserved'] as const)
  test(`${policy}: the rate is the cap, guarantees and shares are told`, (t) => {
    const { vifs } = make({ policy }).decide()
    t.deepEqual(
      vifs.map(({ rateBps, guaranteeBps, shareBps }) => [rateBps, guaranteeBps, shareBps]),
      [
        [null, 300e6, 650e6],
        [900e6, 0, 350e6],
        [50e6, 0, 50e6],
      ],
    )
  })

test('adaptive: what a vif wants depends on whether it is at its rate, held back and busy', (t) => {
  const controller = new Controller({
    ...options,
    vifs: [{ name: 'web', uplink: 'eth0', capBps: 100e6, minBps: 100e6, weight: 1 }],
  })
  let [intervals, bytes, heldBackNs] = [0, 0, 0]
  const demandAfter = (bps: number, isHeldBack: boolean) => {
    intervals += 1
    bytes += bps / 80
    if (isHeldBack) heldBackNs += 1e8
    const sample = { timeNs: intervals * 1e8, vifs: [{ bytes, heldBackNs }], uplinks: [{ bytes, capacityBps: 1e9 }] }
    return controller.tick(sample).vifs[0]!.demandBps
  }
  demandAfter(0, false)
  t.is(demandAfter(50e6, false), 50e6, 'neither')
  t.is(demandAfter(95e6, false), 95e6, 'at its rate, but nothing waited')
  t.is(demandAfter(50e6, true), 50e6, 'held back for a moment')
  t.is(demandAfter(80e6, true), 80e6, 'busy, held back for a moment')
  t.is(demandAfter(97e6, true), 97e6, 'busy, held back, but it left more of its rate than two frames and 2 %')
  t.is(demandAfter(98e6, true), null, 'busy, held back, and it sent all that it might')
  for (let i = 0; i < 3; i++) demandAfter(10e6, false)
  t.is(demandAfter(98e6, true), 122.5e6, 'idle, held back, and it sent all that it might')
})

test('adaptive: a rate that was raised since the last sample says nothing of what a vif left', (t) => {
  const controller = make({
    uplinks: [{ name: 'eth0', capacityBps: 500e6 }],
    vifs: [
      { name: 'web', uplink: 'eth0', capBps: null, minBps: 400e6, weight: 1 },
      { name: 'bulk', uplink: 'eth0', capBps: null, minBps: 0, weight: 1 },
    ],
  })
  const tick = (intervals: number, bytes: number, capacityBps: number) =>
    controller.tick({
      timeNs: intervals * 1e8,
      vifs: [
        { bytes, heldBackNs: intervals * 1e8 },
        { bytes: 0, heldBackNs: 0 },
      ],
      uplinks: [{ bytes, capacityBps }],
    })
  for (const intervals of [0, 1, 2, 3]) tick(intervals, (intervals * 400e6) / 80, 400e6)
  t.is(controller.decide().vifs[0]!.demandBps, null, 'it sent all that it might')
  controller.setCapacity('eth0', 900e6)
  t.is(controller.decide().vifs[0]!.rateBps, 900e6)
  const raised = tick(4, (3 * 400e6 + 600e6) / 80, 900e6).vifs[0]!
  t.deepEqual([raised.demandBps, raised.rateBps], [null, 900e6], 'a part of the time at 400 Mb/s')
  t.is(tick(5, (3 * 400e6 + 2 * 600e6) / 80, 900e6).vifs[0]!.demandBps, 600e6, 'all of it at 900 Mb/s')
})

test('reserved: a vif that its shaper holds back wants as much as it gets, one that is not wants what it sends', (t) => {
  const controller = make({ policy: 'reserved' })
  for (let i = 0; i < 5; i++) {
    const sample = sampleOf(i, [100e6, 200e6, 0])
    controller.tick({ ...sample, vifs: sample.vifs.map((vif, k) => ({ ...vif, heldBackNs: k === 1 ? i * 1e8 : 0 })) })
  }
  const [web, bulk] = controller.decide().vifs
  t.deepEqual([web!.isBusy, web!.demandBps, web!.shareBps], [false, 100e6, 100e6])
  t.deepEqual([bulk!.isBusy, bulk!.demandBps, bulk!.shareBps], [true, null, 900e6])
})

test('an uplink is busy when it is used nearly to its capacity, and a new speed starts that anew', (t) => {
  const controller = make()
  for (let i = 0; i < 4; i++) controller.tick(sampleOf(i, [600e6, 320e6, 0]))
  t.true(controller.decide().uplinks[0]!.isBusy)
  t.true(controller.tick(sampleOf(4, [600e6, 320e6, 0], 900e6)).uplinks[0]!.isBusy)
  t.false(controller.tick(sampleOf(5, [600e6, 320e6, 0], 500e6)).uplinks[0]!.isBusy)
})

test('mins that do not fit the live capacity are scaled, and nothing goes where there is none', (t) => {
  const controller = make()
  controller.setCapacity('eth0', 200e6)
  const { vifs, uplinks } = controller.decide()
  t.deepEqual(
    [vifs[0]!.guaranteeBps, vifs[0]!.rateBps, vifs[1]!.rateBps, uplinks[0]!.minScale],
    [200e6, 200e6, 0, 2 / 3],
  )
  controller.setCapacity('eth0', 0)
  controller.decide()
  t.deepEqual(ratesOf(controller.decide()), [0, 0, 50e6])
  t.is(uplinks[0]!.minScale, 0)
  t.deepEqual(ratesOf(controller.tick(sampleOf(0, [0, 0, 0]))), [650e6, 350e6, 50e6])
})

test('a sample at the time of the last one measures nothing, but its capacity counts', (t) => {
  const controller = make()
  controller.tick(sampleOf(0, [0, 0, 0]))
  controller.tick(sampleOf(1, [100e6, 200e6, 0]))
  const { vifs, uplinks } = controller.tick({ ...sampleOf(7, [1e9, 1e9, 0], 150e6), timeNs: 1e8 })
  t.deepEqual(
    vifs.map(({ demandBps }) => demandBps),
    [100e6, 200e6, 0],
  )
  t.is(uplinks[0]!.minScale, 0.5)
})

test('a counter that was reset leaves the demand as it was', (t) => {
  const controller = make()
  for (const i of [3, 4]) controller.tick(sampleOf(i, [100e6, 200e6, 0]))
  const { vifs } = controller.tick({ ...sampleOf(1, [100e6, 200e6, 0]), timeNs: 5e8 })
  t.is(vifs[0]!.demandBps, 100e6)
  t.is(controller.tick({ ...sampleOf(2, [100e6, 300e6, 0]), timeNs: 6e8 }).vifs[0]!.demandBps, 100e6)
})

test('a counter that leaps is no reason to stop', (t) => {
  const controller = make()
  controller.tick(sampleOf(0, [0, 0, 0]))
  const [, ...others] = sampleOf(1, [0, 0, 0]).vifs
  const { vifs } = controller.tick({
    ...sampleOf(1, [0, 0, 0]),
    vifs: [{ bytes: 2 ** 64 - 2 ** 12 }, ...others].map(({ bytes }) => ({ bytes: BigInt(bytes) })),
  })
  t.is(vifs[0]!.rateBps, 1e9)
})

test('counters of 32 bits wrap', (t) => {
  const controller = make({ detector: { counterBits: 32 } })
  for (const [timeNs, bytes] of [
    [0, 2 ** 32 - 1_000_000],
    [1e8, 250_000],
  ] as const)
    controller.tick({
      timeNs,
      vifs: [{ bytes }, { bytes: 0 }, { bytes: 0 }],
      uplinks: [{ bytes, capacityBps: 1e9 }],
    })
  t.is(controller.decide().vifs[0]!.demandBps, 100e6)
})

test('uplinks share nothing with one another', (t) => {
  const controller = new Controller({
    policy: 'adaptive',
    uplinks: [
      { name: 'eth0', capacityBps: 1e9 },
      { name: 'eth1', capacityBps: 400e6 },
    ],
    vifs: [
      { name: 'a', uplink: 'eth1', capBps: null, minBps: 100e6, weight: 1 },
      { name: 'b', uplink: 'eth0', capBps: null, minBps: 0, weight: 1 },
      { name: 'c', uplink: 'eth1', capBps: null, minBps: 0, weight: 2 },
    ],
  })
  t.deepEqual(ratesOf(controller.decide()), [200e6, 1e9, 200e6])
})

test('mins that do not fit are refused by name at construction and later, and change nothing', (t) => {
  t.throws(() => make({ uplinks: [{ name: 'eth0', capacityBps: 200e6 }] }), {
    code: 'ERR_ADMISSION',
    message: /^the min of "web" \(300Mb\/s\) is 100Mb\/s more than the 200Mb\/s of "eth0"; /,
  })
  const controller = make()
  t.throws(() => controller.setMin('bulk', 700e6 + 1), { code: 'ERR_ADMISSION', message: /"bulk".*"web".*"eth0"/ })
  t.deepEqual(ratesOf(controller.decide()), [650e6, 350e6, 50e6])
  controller.setMin('bulk', 700e6)
  t.deepEqual(ratesOf(controller.decide()), [300e6, 700e6, 50e6])
  controller.setCapacity('eth0', 0)
  t.throws(() => controller.setMin('bulk', 700e6 + 1), { code: 'ERR_ADMISSION' })
  t.notThrows(() => controller.setMin('bulk', 600e6), 'less is always possible')
  t.throws(() => controller.setMin('free', 1), { code: 'ERR_ADMISSION', message: /"free" has no uplink/ })
})

test('what is no possible option is refused', (t) => {
  const [web] = options.vifs
  const vif = (change: object) => ({ vifs: [{ ...web!, ...change }] })
  const wrong: [object, string][] = [
    [{ policy: 'fair' }, 'ERR_INVALID_ARGUMENT'],
    [{ uplinks: {} }, 'ERR_INVALID_ARGUMENT'],
    [{ vifs: null }, 'ERR_INVALID_ARGUMENT'],
    [{ vifs: [null] }, 'ERR_INVALID_ARGUMENT'],
    [{ detector: { enter: 2 } }, 'ERR_OUT_OF_RANGE'],
    [{ uplinks: [{ name: 'eth0', capacityBps: 1e15 + 1 }] }, 'ERR_OUT_OF_RANGE'],
    [{ uplinks: [...options.uplinks, ...options.uplinks] }, 'ERR_OUT_OF_RANGE'],
    [{ vifs: [web, web] }, 'ERR_OUT_OF_RANGE'],
    [vif({ name: 5 }), 'ERR_INVALID_ARGUMENT'],
    [vif({ uplink: 'eth1' }), 'ERR_OUT_OF_RANGE'],
    [vif({ uplink: undefined }), 'ERR_INVALID_ARGUMENT'],
    [vif({ uplink: null }), 'ERR_ADMISSION'],
    [vif({ capBps: 0 }), 'ERR_OUT_OF_RANGE'],
    [vif({ capBps: 299e6 }), 'ERR_OUT_OF_RANGE'],
    [vif({ minBps: -1 }), 'ERR_OUT_OF_RANGE'],
    [vif({ minBps: 0.5 }), 'ERR_OUT_OF_RANGE'],
    [vif({ weight: 0 }), 'ERR_OUT_OF_RANGE'],
    [vif({ weight: 10_001 }), 'ERR_OUT_OF_RANGE'],
    [vif({ weight: '1' }), 'ERR_INVALID_ARGUMENT'],
  ]
  for (const [change, code] of wrong)
    t.throws(() => make(change), { name: 'RingbackError', code }, JSON.stringify(change))
})

test('what a setter refuses changes nothing', (t) => {
  const controller = make()
  const before = ratesOf(controller.decide())
  const wrong: [() => void, string, RegExp][] = [
    [
      () => controller.setCap('web', 299e6),
      'ERR_OUT_OF_RANGE',
      /the min of "web", 300Mb\/s, is above its cap of 299Mb\/s/,
    ],
    [() => controller.setCap('web', 0), 'ERR_OUT_OF_RANGE', /the cap of "web"/],
    [() => controller.setCap('web', '5' as never), 'ERR_INVALID_ARGUMENT', /the cap of "web"/],
    [() => controller.setMin('bulk', 901e6), 'ERR_OUT_OF_RANGE', /above its cap/],
    [() => controller.setMin('web', Number.NaN), 'ERR_OUT_OF_RANGE', /the min of "web"/],
    [() => controller.setMin('web', null as never), 'ERR_INVALID_ARGUMENT', /the min of "web"/],
    [() => controller.setWeight('web', 0), 'ERR_OUT_OF_RANGE', /the weight of "web"/],
    [() => controller.setWeight('db', 1), 'ERR_OUT_OF_RANGE', /there is no vif "db"/],
    [() => controller.setCapacity('eth1', 1), 'ERR_OUT_OF_RANGE', /there is no uplink "eth1"/],
    [() => controller.setCapacity('eth0', -1), 'ERR_OUT_OF_RANGE', /the capacity of "eth0"/],
  ]
  for (const [call, code, message] of wrong) t.throws(call, { code, message })
  t.deepEqual(ratesOf(controller.decide()), before)
  t.false(controller.decide().isChanged)
})

test('a sample that cannot be one is refused and changes nothing', (t) => {
  const controller = make()
  controller.tick(sampleOf(0, [0, 0, 0]))
  const good = sampleOf(1, [100e6, 100e6, 0])
  const [first, ...others] = good.vifs
  const wrong: [unknown, string][] = [
    [null, 'ERR_INVALID_ARGUMENT'],
    [{ ...good, timeNs: Number.NaN }, 'ERR_OUT_OF_RANGE'],
    [{ ...good, vifs: others }, 'ERR_OUT_OF_RANGE'],
    [{ ...good, vifs: undefined }, 'ERR_OUT_OF_RANGE'],
    [{ ...good, uplinks: [] }, 'ERR_OUT_OF_RANGE'],
    [{ ...good, uplinks: [null] }, 'ERR_INVALID_ARGUMENT'],
    [{ ...good, vifs: [...others, null] }, 'ERR_INVALID_ARGUMENT'],
    [{ ...good, vifs: [...others, { ...first, bytes: -1 }] }, 'ERR_OUT_OF_RANGE'],
    [{ ...good, vifs: [...others, { ...first, bytes: '1' }] }, 'ERR_INVALID_ARGUMENT'],
    [{ ...good, vifs: [...others, { ...first, heldBackNs: Number.NaN }] }, 'ERR_OUT_OF_RANGE'],
    [{ ...good, uplinks: [{ bytes: 0, capacityBps: Number.NaN }] }, 'ERR_OUT_OF_RANGE'],
    [{ ...good, uplinks: [{ bytes: 0.5, capacityBps: 1 }] }, 'ERR_OUT_OF_RANGE'],
  ]
  for (const [sample, code] of wrong) t.throws(() => controller.tick(sample as never), { code })
  t.is(controller.decide().vifs[0]!.demandBps, null)
  t.is(controller.tick(good).vifs[0]!.demandBps, 100e6)
})
