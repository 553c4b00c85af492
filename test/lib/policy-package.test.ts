import { createRequire } from 'node:module'

import test from 'ava'
import * as ringback from 'ringback'
import * as policy from 'ringback/policy'

import { nodeWithoutAddons as node } from './without-addons.ts'

// `ringback/policy` in processes that can load no addon at all.

/** A host's counters, of which one is about to wrap, as files below /sys/class/net hold them, through the controller. */
const watched = `
  const controller = new Controller({
    policy: 'adaptive',
    uplinks: [{ name: 'eth0', capacityBps: 1e9 }],
    vifs: [
      { name: 'vif1.0', uplink: 'eth0', capBps: null, minBps: 3e8, weight: 1 },
      { name: 'vif2.0', uplink: 'eth0', capBps: parseBitRate('500Mb/s'), minBps: 0, weight: 1 },
    ],
  });
  const counters = ['18446744073703301616', '0'].map((text) => BigInt(text.trim()));
  for (const [seconds, first] of [[0, 0n], [1, 25000000n]])
    controller.tick({
      timeNs: seconds * 1e9,
      vifs: [{ bytes: first }, { bytes: counters[seconds] }],
      uplinks: [{ bytes: first, capacityBps: 1e9 }],
    });
  const { sharedObjects } = process.report.getReport();
  console.log(JSON.stringify({
    demands: controller.decide().vifs.map(({ demandBps }) => demandBps),
    addons: sharedObjects.filter((name) => name.endsWith('.node')),
  }));`

for (const [how, load] of [
  ['import', `const { Controller, parseBitRate } = await import('ringback/policy');`],
  [
    'require()',
    `const { Controller, parseBitRate } = (await import('node:module')).createRequire(process.cwd() + '/x.js')('ringback/policy');`,
  ],
] as const)
  test(`${how} of ringback/policy runs a controller where no addon can be loaded`, async (t) => {
    const { stdout, error } = await node(load + watched)
    t.is(error, '')
    t.deepEqual(JSON.parse(stdout), { demands: [200_000_000, 50_000_000], addons: [] })
  })

test('the whole package does not load there, so the test above can fail', async (t) => {
  const { error } = await node(`await import('ringback')`)
  t.regex(error, /no addon here/)
})

test('ringback and ringback/policy share their classes, for import and for require()', (t) => {
  const require = createRequire(import.meta.url)
  t.is(policy.Controller, ringback.Controller)
  t.is(policy.RingbackError, ringback.RingbackError)
  t.is((require('ringback/policy') as typeof policy).Controller, ringback.Controller)
  for (const name of Object.keys(policy)) t.true(name in ringback, name)
})
