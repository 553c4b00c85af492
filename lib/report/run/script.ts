// The page's script: one slider for the time of all charts, moved by keyboard or by pointing into a chart. Below each
// chart stands the row of its table for that time. Without it the page lacks nothing that the tables do not have.

export const pageScript = `
'use strict'
addEventListener('beforeprint', () => { for (const one of document.querySelectorAll('details')) one.open = true })
{
  const charts = [...document.querySelectorAll('svg.time')].map((svg) => {
    const figure = svg.closest('figure')
    const rows = [...figure.querySelectorAll('tr[data-t]')]
    const names = [...figure.querySelectorAll('thead th')].slice(1).map((th) => th.textContent)
    const readout = document.createElement('p')
    readout.className = 'readout'
    readout.textContent = '\\u00a0'
    svg.after(readout)
    const { left, right, seconds } = svg.dataset
    return { svg, rows, times: rows.map((row) => Number(row.dataset.t)), names, readout, now: svg.querySelector('.now'),
      left: Number(left), right: Number(right), seconds: Number(seconds) }
  })
  const scrubber = document.querySelector('.scrubber')
  const slider = scrubber.querySelector('input')
  const output = scrubber.querySelector('output')
  const show = () => {
    const part = slider.valueAsNumber / Number(slider.max)
    for (const { rows, times, names, readout, now, left, right, seconds } of charts) {
      const at = times.findIndex((time) => time >= part * seconds)
      const i = at < 0 ? times.length - 1 : at
      now.style.visibility = 'visible'
      now.setAttribute('transform', 'translate(' + part * (right - left) + ',0)')
      if (i < 0) continue
      const [time, ...cells] = [...rows[i].children].map((cell) => cell.textContent)
      readout.textContent = time + ': ' + names.map((name, k) => name + ' ' + cells[k]).join(', ')
    }
    const words = Number((part * charts[0].seconds).toPrecision(4)) + 's'
    output.textContent = words
    slider.setAttribute('aria-valuetext', words)
  }
  if (charts.length > 0) scrubber.hidden = false
  slider.addEventListener('input', show)
  for (const { svg, left, right } of charts)
    svg.addEventListener('pointermove', ({ clientX }) => {
      const { x, width } = svg.getBoundingClientRect()
      const at = (((clientX - x) / width) * svg.viewBox.baseVal.width - left) / (right - left)
      if (at < 0 || at > 1) return
      slider.value = String(at * Number(slider.max))
      show()
    })
}
`
