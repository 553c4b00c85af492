import { createRequire } from 'node:module'

import test from 'ava'
import * as ringback from 'ringback'

test('require() and import give the same instance', (t) => {
  const require = createRequire(import.meta.url)
  t.is((require('ringback') as typeof ringback).RingbackError, ringback.RingbackError)
})
