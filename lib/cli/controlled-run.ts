import process from 'node:process'

import { ControlTree } from '../control/control-tree.ts'
import { simulationTarget } from '../control/simulation-target.ts'
import type { Results } from '../simulation/results.ts'
import type { Scenario } from '../simulation/scenario.ts'
import type { SimulateOptions } from '../simulation/simulate.ts'
import { Simulation } from '../simulation/simulation.ts'

/** As simulate(), and serves a control tree in `folder` meanwhile. */
export async function simulateWithTree(scenario: Scenario, folder: string, options: SimulateOptions): Promise<Results> {
  const { signal, onProgress } = options
  const simulation = await Simulation.create(scenario, options)
  try {
    signal?.throwIfAborted()
    const refreshMs = Math.ceil(Math.min(scenario.output.intervalNs, scenario.control.intervalNs) / 1e6)
    const tree = new ControlTree({ folder, target: simulationTarget(simulation), refreshMs })
    tree.start()
    process.stderr.write(`control tree: ${tree.folder}\n`)
    try {
      const run = (progress: Parameters<NonNullable<typeof onProgress>>[0]): void => {
        tree.sync()
        onProgress?.(progress)
      }
      await simulation.run(scenario.durationNs, { ...options, onProgress: run })
      return simulation.results()
    } finally {
      for (const left of tree.close()) process.stderr.write(`left as it is: ${left}, with files of others in it\n`)
    }
  } finally {
    simulation.close()
  }
}
