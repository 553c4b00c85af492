import { createRequire } from 'node:module'

import test from 'ava'
import * as ringback from 'ringback'
import * as bonding from 'ringback/bonding'

import { nodeWithoutAddons } from './without-addons.ts'

// `ringback/bonding` in processes that can load no addon at all.

test('ringback/bonding takes a bond to a host where no addon can be loaded', async (t) => {
  const { stdout, error } = await nodeWithoutAddons(`
    const { checkBonds, toIpLink } = await import('ringback/bonding');
    console.log(toIpLink(checkBonds({ bond0: { nics: ['eth0'], miimon: '100ms' } })).split('\\n')[0]);`)
  t.is(error, '')
  t.is(stdout, 'ip link add bond0 type bond mode balance-rr miimon 100\n')
})

test('ringback and ringback/bonding share their functions, for import and for require()', (t) => {
  const require = createRequire(import.meta.url)
  t.is((require('ringback/bonding') as typeof bonding).checkBonds, ringback.checkBonds)
  for (const name of Object.keys(bonding)) t.true(name in ringback, name)
})
