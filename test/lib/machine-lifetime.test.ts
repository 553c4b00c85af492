import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'

import test from 'ava'

// What is left behind at each moment must neither crash nor hang: child processes and workers that end there.

const root = fileURLToPath(new URL('../..', import.meta.url))

const steps = [
  `const { Machine, encodeGrantCopies } = await import('ringback')`,
  `let machine = new Machine()`,
  `let back = machine.createDomain({ domid: 0 })`,
  `let guest = machine.createDomain({ domid: 5, pages: 8 })`,
  `const ref = guest.grantAccess({ domid: 0, frame: 3 })`,
  `const port = back.events.bindInterdomain({ remoteDomid: 5, remotePort: guest.events.allocUnbound({ remoteDomid: 0 }) })`,
  `const batch = encodeGrantCopies([{ source: { domid: 5, ref }, dest: { frame: 0 }, length: 4096 }])`,
  `back.grantCopy(batch)`,
  `guest.close()`,
  `gc()`,
  `back.grantCopy(batch)`,
  `machine.close()`,
  `gc()`,
  `machine = undefined`,
  `gc()`,
  `back = undefined; guest = undefined`,
  `gc()`,
]

function run(script: string) {
  return spawnSync(process.execPath, ['--expose-gc', '--input-type=module', '-e', script], {
    cwd: root,
    encoding: 'utf8',
    timeout: 60_000,
  })
}

for (const [i, step] of steps.entries()) {
  test(`the process exits after step ${i + 1}: ${step.slice(0, 50)}`, (t) => {
    const { status, signal, stderr } = run([...steps.slice(0, i + 1), 'process.exit(7)'].join('\n'))
    t.deepEqual({ status, signal, stderr }, { status: 7, signal: null, stderr: '' })
  })
}

test('the process ends by itself with everything open', (t) => {
  const { status, stderr } = run(steps.slice(0, 8).join('\n'))
  t.deepEqual({ status, stderr }, { status: 0, stderr: '' })
})

test('domains outlive their machine object, and the machine its domains, through collections', (t) => {
  const script = `
    const { Machine, encodeGrantCopies, readGrantStatuses } = await import('ringback')
    const pair = () => {
      const machine = new Machine()
      return [machine.createDomain({ domid: 0, pages: 2 }), machine.createDomain({ domid: 5, pages: 2 })]
    }
    const settle = async () => { for (let i = 0; i < 3; i++) { gc(); await new Promise(setImmediate) } }
    const [back, guest] = pair()
    await settle()
    const ref = guest.grantAccess({ domid: 0, frame: 1 })
    guest.page(1).fill(9)
    const batch = encodeGrantCopies([{ source: { domid: 5, ref }, dest: { frame: 0 }, length: 4096 }])
    back.grantCopy(batch)
    if (readGrantStatuses(batch)[0] !== 0 || back.page(0)[4095] !== 9) process.exit(3)

    const machine = new Machine()
    const kept = machine.createDomain({ domid: 0, pages: 2 })
    const lost = () => machine.createDomain({ domid: 5, pages: 2 }).grantAccess({ domid: 0, frame: 1 })
    const batch2 = encodeGrantCopies([{ source: { domid: 5, ref: lost() }, dest: { frame: 0 }, length: 4096 }])
    await settle()
    kept.grantCopy(batch2)
    if (readGrantStatuses(batch2)[0] !== 0) process.exit(4)

    // Machines that nobody closes are collected with their memory.
    const before = process.memoryUsage.rss()
    for (let i = 0; i < 300; i++) {
      new Machine().createDomain({ domid: 0, pages: 2048 }).memory.fill(1)
      if (i % 10 === 0) await settle()
    }
    if (process.memoryUsage.rss() - before > 1 << 30) process.exit(5)
  `
  const { status, stderr } = run(script)
  t.deepEqual({ status, stderr }, { status: 0, stderr: '' })
})

test('a worker is terminated in the middle of copies', async (t) => {
  for (let round = 0; round < 3; round++) {
    const script = [
      `const { parentPort } = await import('node:worker_threads')`,
      ...steps.slice(0, 8),
      `parentPort.postMessage('ready')`,
      `for (;;) back.grantCopy(batch)`,
    ].join('\n')
    const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(inPackage(script))}`))
    await new Promise((resolve, reject) => {
      worker.once('message', resolve)
      worker.once('error', reject)
    })
    t.is(await worker.terminate(), 1)
  }
})

test("a guest in a worker and a back end here share the guest's memory", async (t) => {
  const { Machine, encodeGrantCopies, readGrantStatuses } = await import('ringback')
  const machine = new Machine()
  const back = machine.createDomain({ domid: 0, pages: 1 })
  const guest = machine.createDomain({ domid: 5, pages: 1 })
  const ref = guest.grantAccess({ domid: 0, frame: 0 }) ?? 0
  const script = `
    const { workerData, parentPort } = await import('node:worker_threads')
    workerData.fill(42)
    parentPort.postMessage('done')
  `
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(script)}`), { workerData: guest.memory })
  await new Promise((resolve) => worker.once('message', resolve))
  const batch = encodeGrantCopies([{ source: { domid: 5, ref }, dest: { frame: 0 }, length: 4096 }])
  back.grantCopy(batch)
  t.deepEqual(readGrantStatuses(batch), [0])
  t.true(back.page(0).every((byte) => byte === 42))
  await worker.terminate()
})

/** A data: module cannot import by name; the address can be given to it. */
function inPackage(script: string): string {
  return script.replaceAll(`'ringback'`, JSON.stringify(import.meta.resolve('ringback')))
}
