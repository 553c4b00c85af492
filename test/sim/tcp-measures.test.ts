import test from 'ava'
import { checkScenario, simulate } from 'ringback'
import type { ScenarioInput } from 'ringback'

import { built } from '../lib/built.ts'

// What experiments measure of TCP connections.

const { measures } = await built<typeof import('../../lib/experiment/measures.js')>('experiment/measures')

const input: ScenarioInput = {
  name: 'measured',
  duration: '300ms',
  payload: 'none',
  nics: { eth0: { rate: '1Gb/s' }, eth1: { rate: '1Gb/s' } },
  // In turn: segments overtake one another, and are sent again in vain.
  bonds: { bond0: { mode: 'balance-rr', nics: ['eth0', 'eth1'] } },
  vifs: { web: { uplink: 'bond0' }, db: { uplink: 'bond0' }, mail: { uplink: 'bond0' } },
  traffic: [
    { vif: 'web', kind: 'tcp' },
    { vif: 'db', kind: 'tcp', rtt: '2ms' },
    { vif: 'mail', kind: 'constant', rate: '1Mb/s', size: 100 },
  ],
}

test('they are sums over the vifs that are looked at, the rtt the longest', async (t) => {
  const results = await simulate(checkScenario(input))
  const [web, db] = [results.vifs.web!.tcp!, results.vifs.db!.tcp!]
  const of = (name: keyof typeof measures, vifs?: string[]) => measures[name].of(results, vifs ? { vifs } : {})
  t.true(web.spuriousRetransmits > 0 && web.undos > 0)
  t.is(of('goodput'), web.goodputBps + db.goodputBps)
  t.is(of('goodput', ['web']), web.goodputBps)
  t.is(of('retransmits', ['db', 'web']), web.retransmits + db.retransmits)
  t.is(of('spurious'), web.spuriousRetransmits + db.spuriousRetransmits)
  t.is(of('timeouts', ['web']), web.timeouts)
  t.is(of('undos', ['web']), web.undos)
  t.is(of('rtt'), db.rttNs.p50)
  t.is(of('rtt', ['web']), web.rttNs.p50)
  t.true(web.rttNs.p50 < db.rttNs.p50)
})

test('where nothing is sent by TCP there are none', async (t) => {
  const results = await simulate(checkScenario(input))
  for (const name of ['goodput', 'retransmits', 'spurious', 'timeouts', 'undos', 'rtt'] as const)
    t.is(measures[name].of(results, { vifs: ['mail', 'nobody'] }), null, name)
})
