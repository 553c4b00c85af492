import test from 'ava'
import { checkScenario, simulate } from 'ringback'
import type { Results, ScenarioInput } from 'ringback'

// A capped vif that is offered ten times its cap delivers the cap within 0.05 %.

function capped(rate: string, offered: string, size: number, extra: { jiffies?: number } = {}): ScenarioInput {
  return {
    name: 'accuracy',
    duration: '60s',
    payload: 'none',
    nics: { eth0: { rate: '40Gb/s', queue: '16MB' } }, // room for a whole window's burst,
    vifs: { web: { uplink: 'eth0', rate, ...extra } },
    traffic: [{ kind: 'constant', vif: 'web', rate: offered, size }],
    output: { interval: '1s' },
  }
}

async function deliveredBps(input: ScenarioInput): Promise<number> {
  const results: Results = await simulate(checkScenario(input))
  return ((results.vifs.web?.deliveredBytes ?? 0) * 8) / results.simulatedSeconds
}

// At 64 Kb/s a minute is 480,000 bytes, 320 frames of 1500: 0.05 % are less than one of them.
const cases: [rate: string, offered: string, size: number, bps: number][] = [
  ['10Mb/s@50ms', '100Mb/s', 1500, 10e6],
  ['10Mb/s', '100Mb/s', 1514, 10e6],
  ['1Gb/s@1ms', '10Gb/s', 1500, 1e9],
  ['64Kb/s@1s', '640Kb/s', 1500, 64e3],
  ['64Kb/s@1s', '640Kb/s', 200, 64e3],
  // Xen's own loss: a window of more than 128 KiB does not carry what it leaves over, 416 whole frames of 416.67.
  ['100Mb/s@50ms', '1Gb/s', 1500, (416 * 1500 * 8) / 0.05],
]

for (const [rate, offered, size, bps] of cases)
  test(`${rate} of ${offered}, frames of ${size} bytes`, async (t) => {
    const error = Math.abs((await deliveredBps(capped(rate, offered, size))) / bps - 1)
    t.true(error <= 0.0005, `${(error * 100).toFixed(4)} %`)
  })

// xen.md's table of what Linux loses below a jiffy.
const jiffies: [hz: number, interval: string, ratio: number][] = [
  [250, '50ms', 0.9625],
  [250, '10ms', 0.833],
  [250, '1ms', 0.25],
  [100, '1ms', 0.1],
  [1000, '10ms', 1],
]

for (const [hz, interval, ratio] of jiffies)
  test(`a Linux clock of ${hz} Hz delivers ${ratio} of 100Mb/s@${interval}`, async (t) => {
    const bps = await deliveredBps(capped(`100Mb/s@${interval}`, '1Gb/s', 1500, { jiffies: hz }))
    t.true(Math.abs(bps / 1e8 - ratio) < 0.01, `${bps / 1e8}`)
  })
