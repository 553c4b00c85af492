// node sim-memory.js VIFS none|copy: runs the benchmark's scenario and prints the bytes that this process then holds.
import process from 'node:process'

import { Simulation } from '../simulation/simulation.ts'
import { ringbackScenario } from './sim-scenario.ts'

const [vifs, payload] = process.argv.slice(2)
const { scenario } = ringbackScenario(Number(vifs), payload === 'copy' ? 'copy' : 'none', 0.1)
const simulation = await Simulation.create(scenario)
await simulation.run(scenario.durationNs)
process.stdout.write(`${process.memoryUsage.rss()}\n`)
simulation.close()
