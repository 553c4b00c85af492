import { checkScenario, simulate } from 'ringback'

const scenario = checkScenario({
  name: 'cap',
  duration: '10s',
  nics: { eth0: { rate: '1Gb/s' } },
  vifs: { web: { uplink: 'eth0', rate: '200Mb/s@1ms' } },
  traffic: [{ kind: 'constant', vif: 'web', rate: '500Mb/s', size: 1500 }],
})
const { vifs, traceHash } = await simulate(scenario)
console.log(`${vifs.web.throughputBps / 1e6} Mb/s, held back ${vifs.web.heldBackSeconds} s, trace ${traceHash}`)
