/** An experiment that runs in a moment. Tests count its lines. */
export const smallExperiment = `name: small
title: A small one
asks: Whether it works.
seeds: 2
copies: { guest: 2 }
base:
  duration: 5ms
  payload: none
  nics: { eth0: { rate: 1Gb/s, queue: 30KB } }
  vifs: { guest: { uplink: eth0 }, db: { uplink: eth0 } }
  traffic:
    - { vif: guest, kind: poisson, rate: 600Mb/s, size: 1500 }
    - { vif: db, kind: constant, rate: 600Mb/s, size: 1500 }
cases:
  full: { title: more than the NIC takes, set: {} }
  half: { title: less than that, set: { 'traffic[*].rate': 250Mb/s } }
show: { full: [throughput, loss], half: [p50, p99] }
factors:
  size: { title: bytes a frame, path: 'traffic[*].size', values: [64, 256, 1500] }
  guests: { title: guests, path: copies.guest, values: [1, 2, 4], show: [fairness] }
  ring: { title: ring, variants: { short: { 'vifs.*.ringOrder': 0 }, long: { 'vifs.*.ringOrder': 4 } } }
cross:
  - { title: both, factors: [size, ring] }
`
