import { checkScenario, Simulation } from 'ringback'

const scenario = checkScenario({
  name: 'steps',
  duration: '2s',
  nics: { eth0: { rate: '1Gb/s' } },
  bridges: { br0: { nics: ['eth0'] } },
  vifs: { web: { uplink: 'br0', rate: '60Mb/s' }, db: { uplink: 'br0', queues: 4 } },
  traffic: [{ kind: 'constant', vif: 'web', to: 'db', rate: '80Mb/s', size: 1500, flows: 16 }],
})
const simulation = await Simulation.create(scenario)
await simulation.run('1s')
simulation.vifs.web.reconnect() // what waited for credit is lost
await simulation.run()
const { web, db } = simulation.results().vifs
console.log(`db got ${db.rx.deliveredPackets} of ${web.tx.offeredPackets}, dropped ${JSON.stringify(web.tx.drops)}`)
simulation.close()
