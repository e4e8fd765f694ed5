/** Tables and pictures. */
export const figuresStyle = `table { width: 100%; border-collapse: collapse; font-size: 14px; }
caption { text-align: left; padding-bottom: 6px; }
th, td { padding: 6px 0 6px 14px; text-align: left; vertical-align: top; font-weight: 400; }
th:first-child, td:first-child { padding-left: 0; }
thead th { color: var(--quiet); font-size: 13px; padding-top: 0; vertical-align: bottom; }
tbody tr { border-top: 1px solid var(--line); }
.number { text-align: right; white-space: nowrap; overflow-wrap: normal; }
thead .number { white-space: normal; }
.money { display: block; color: var(--quiet); font-size: 13px; }
.health { display: block; font-size: 13px; }
.health.good { color: var(--home); }
.health.bad { color: var(--bad); font-weight: 600; }
svg { display: block; }
svg.swatch { display: inline-block; vertical-align: -1px; }
svg .mirror { color: var(--home); }
svg .upstream { stroke: var(--left); stroke-width: 1; }
.hatch-back { fill: var(--left-soft); }
.hatch-line { fill: var(--left); }
.bar { overflow: visible; }
.plot { overflow: visible; margin: 4px 0 0 56px; width: calc(100% - 56px); }
.plot text { fill: var(--quiet); font-size: 12px; }
.plot .grid { stroke: var(--line); }
.plot .before { fill: var(--ground); }
.plot g:hover .reach { fill: var(--line); }
.regions th:first-child { width: 34%; }
.regions .bar { margin-top: 5px; }
`
