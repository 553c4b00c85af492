/** What a report of so many runs has beyond the style of all pages. */
export const runStyle = (runs: number): string => `
body { max-width: ${runs > 2 ? 84 : 72}rem; }
header p.verdict { font-size: 1.1rem; max-width: 50rem; border-left: 4px solid var(--grid); padding-left: 0.8rem; }
header p.kept { border-color: var(--mark2); }
header p.missed { border-color: var(--alarm); }
dl.facts { display: flex; flex-wrap: wrap; gap: 0.3rem 1.6rem; margin: 0.5rem 0; }
dl.facts div { display: flex; gap: 0.4rem; }
dt { color: var(--soft); }
dd { margin: 0; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
nav ul { display: flex; flex-wrap: wrap; gap: 0.2rem 1.2rem; list-style: none; padding: 0; }
nav a { display: inline-block; padding: 0.3rem 0; }
main > section { scroll-margin-top: 1rem; }
.panels, .runs { display: grid; gap: 1rem 2rem; }
.panels { grid-template-columns: repeat(auto-fill, minmax(min(100%, 26rem), 1fr)); }
.runs { grid-template-columns: repeat(auto-fit, minmax(min(100%, 20rem), 1fr)); }
.single { max-width: 36rem; }
figure.panel { margin: 0.5rem 0; min-width: 0; }
figcaption .facts { font-weight: 400; color: var(--soft); }
figcaption .alarm { color: var(--alarm); }
figcaption, h1, h3 { overflow-wrap: anywhere; }
.readout { margin: 0; font-size: 12px; color: var(--soft); font-variant-numeric: tabular-nums; }
.scrubber { position: sticky; bottom: 0; display: flex; align-items: center; gap: 0.8rem; padding: 0.5rem 0;
  background: var(--paper); border-top: 1px solid var(--grid); }
.scrubber[hidden] { display: none; }
.scrubber input { flex: 1; min-width: 0; accent-color: var(--mark0); }
.scrubber output { min-width: 4.5rem; text-align: right; font-variant-numeric: tabular-nums; }
@media print {
  .scrubber, .readout { display: none; }
  .panels, .runs { grid-template-columns: 1fr 1fr; gap: 0.5rem 1.5rem; }
  header p.verdict { font-size: 10pt; }
  svg .now { display: none; }
}
`
