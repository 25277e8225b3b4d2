// SPDX-License-Identifier: Apache-2.0

package report

// colours is how many colours the style sheet has.
const colours = 6

// style is the style sheet. The colours are told apart by those who do not see
// red and green as different, on light and on dark.
const style = `
:root { color-scheme: light dark; --ink: #1b1f24; --dim: #5b6470; --paper: #ffffff; --grid: #dfe3e8; --band: #f3e3cf;
  --c1: #0067b8; --c2: #d1460f; --c3: #6a6f76; --c4: #00806a; --c5: #8a4fb5; --c6: #a87900; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ed; --dim: #9aa4b0; --paper: #14171a; --grid: #2c3238; --band: #3a2f20;
  --c1: #5db4ff; --c2: #ff8a5c; --c3: #a3aab3; --c4: #3fd0b4; --c5: #c79bea; --c6: #e0b341; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1rem; max-width: 90rem; background: var(--paper); color: var(--ink); font: 16px/1.45 system-ui, sans-serif; }
h1 { font-size: 1.5rem; margin: .3rem 0; } h2 { font-size: 1.1rem; margin: 1.6rem 0 .2rem; } h3 { font-size: .95rem; margin: .2rem 0; }
p { margin: .3rem 0; } .dim, .note, .tick { color: var(--dim); fill: var(--dim); }
.runs { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(min(20rem, 100%), 1fr)); }
figure { margin: 0; } svg { width: 100%; height: auto; display: block; }
.tick, .note { font: 10px system-ui, sans-serif; } .grid { stroke: var(--grid); stroke-width: 1; } .band { fill: var(--band); }
path { fill: none; stroke-width: 1.8; stroke-linejoin: round; stroke-linecap: round; } .dash { stroke-dasharray: 4 3; }
.legend { font-size: .8rem; color: var(--dim); } .legend span { white-space: nowrap; margin-right: .8rem; }
.legend i { display: inline-block; width: .8em; height: .8em; margin-right: .3em; border-radius: 2px; }
pre { overflow-x: auto; font-size: .8rem; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; font-size: .9rem; } caption { text-align: left; font-weight: 600; }
th, td { text-align: left; padding: .3rem .8rem .3rem 0; border-bottom: 1px solid var(--grid); vertical-align: top; }
tbody th { position: sticky; left: 0; background: var(--paper); }
td { font-variant-numeric: tabular-nums; } thead th { white-space: nowrap; }
`
