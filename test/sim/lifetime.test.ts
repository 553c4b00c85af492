import { spawnSync } from 'node:child_process'
import process from 'node:process'

import test from 'ava'

// A simulation that is left behind must neither crash nor hang: child processes and workers that end in the middle.

const long = `
  const { checkScenario, simulate } = await import('ringback')
  const scenario = checkScenario({
    name: 'long', duration: '720h', nics: { eth0: { rate: '10Gb/s' } }, vifs: { v: { uplink: 'eth0', rate: '1Gb/s@1ms' } },
    traffic: [{ kind: 'constant', vif: 'v', rate: '2Gb/s', size: 1500 }], output: { interval: '1h' },
  })`

function run(script: string) {
  const words = ['--expose-gc', '--input-type=module', '-e', script]
  const { status, signal, stderr } = spawnSync(process.execPath, words, { encoding: 'utf8', timeout: 60_000 })
  return { status, signal, stderr }
}

test('the process exits in the middle of a run', (t) => {
  const script = `${long}
    await simulate(scenario, { onProgress: () => process.exit(7) })`
  t.deepEqual(run(script), { status: 7, signal: null, stderr: '' })
})

test('an aborted run leaves a world that can be collected', (t) => {
  const script = `${long}
    const abort = new AbortController()
    const { aborted } = await simulate(scenario, { signal: abort.signal, onProgress: () => abort.abort() })
    gc()
    process.exitCode = aborted ? 7 : 1`
  t.deepEqual(run(script), { status: 7, signal: null, stderr: '' })
})

test('a hundred worlds at a time are collected while others run', (t) => {
  const script = `${long}
    const short = { ...scenario, durationNs: 1e6, output: { intervalNs: 1e6 } }
    for (let i = 0; i < 5; i++) {
      await Promise.all(Array.from({ length: 100 }, () => simulate(short)))
      gc()
    }
    process.exitCode = 7`
  t.deepEqual(run(script), { status: 7, signal: null, stderr: '' })
})

test('a worker is terminated in the middle of a run', (t) => {
  const script = `
    import { Worker } from 'node:worker_threads'
    import { once } from 'node:events'
    const source = ${JSON.stringify(`(async () => {
      const { parentPort } = await import('node:worker_threads')
      ${long}
      await simulate(scenario, { onProgress: () => parentPort.postMessage(1) })
    })()`)}
    for (let i = 0; i < 10; i++) {
      const worker = new Worker(source, { eval: true })
      await once(worker, 'message')
      await worker.terminate()
    }
    process.exitCode = 7`
  t.deepEqual(run(script), { status: 7, signal: null, stderr: '' })
})
