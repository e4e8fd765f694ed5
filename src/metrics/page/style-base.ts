/**
 * Colours, texts, and the frame of the page. Two accents say which way bytes went, and nothing is
 * said by them alone. Every text has a contrast of 4.5 to 1 at the least, in light and in dark.
 */
export const baseStyle = `:root {
  color-scheme: light dark;
  --ground: #f6f6f3;
  --surface: #ffffff;
  --line: #dcdcd6;
  --ink: #1d2125;
  --quiet: #5a6068;
  --home: #0a7268;
  --left: #b04f0c;
  --left-soft: #f3d9c4;
  --code: #f1f1ec;
  --bad: #b3261e;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #131618;
    --surface: #1b1f22;
    --line: #343a3f;
    --ink: #e9e8e4;
    --quiet: #a3a9b0;
    --home: #4cc4b4;
    --left: #f09a55;
    --left-soft: #4a321f;
    --code: #262b2f;
    --bad: #ff8a80;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0;
  background: var(--ground);
  color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'Liberation Sans', sans-serif;
  font-variant-numeric: tabular-nums;
  overflow-wrap: anywhere;
}
p, ol, ul, h1, h2, h3, table { margin: 0; padding: 0; }
a { color: inherit; text-underline-offset: 2px; }
:focus-visible { outline: 3px solid var(--home); outline-offset: 2px; border-radius: 3px; }
code { font: 13px/1.5 ui-monospace, 'SF Mono', Menlo, Consolas, 'Liberation Mono', monospace; }
.definitions { position: absolute; }
.skip {
  position: absolute;
  left: -100vw;
  top: 8px;
  z-index: 1;
  padding: 8px 16px;
  background: var(--surface);
}
.skip:focus { left: 8px; }
header, main, footer { max-width: 1240px; margin: 0 auto; padding: 0 20px; }
header {
  display: flex;
  flex-wrap: wrap;
  align-items: center;
  gap: 8px 28px;
  padding-top: 14px;
  padding-bottom: 14px;
}
.name { display: flex; align-items: center; gap: 8px; font-weight: 650; font-size: 17px; }
.logo { color: var(--home); }
.version, #as-of, #status { color: var(--quiet); font-weight: 400; font-size: 13px; }
nav ul {
  display: flex;
  list-style: none;
  border: 1px solid var(--line);
  border-radius: 8px;
  background: var(--surface);
}
nav a { display: block; padding: 4px 12px; text-decoration: none; border-radius: 7px; }
nav a:hover { text-decoration: underline; }
nav a[aria-current] { background: var(--ink); color: var(--surface); }
.fresh { display: flex; flex-wrap: wrap; align-items: center; gap: 4px 12px; margin-left: auto; }
#status.failing { color: var(--bad); font-weight: 600; }
button {
  font: inherit;
  font-size: 13px;
  padding: 3px 12px;
  color: var(--ink);
  background: var(--surface);
  border: 1px solid var(--quiet);
  border-radius: 6px;
  cursor: pointer;
}
button:hover { border-color: var(--ink); }
#pause, .copy { display: none; }
.live #pause, .live .copy { display: inline-block; }
main { outline: none; padding-bottom: 20px; }
section {
  background: var(--surface);
  border: 1px solid var(--line);
  border-radius: 12px;
  padding: 20px 22px;
  margin-bottom: 16px;
}
h2 { font-size: 17px; font-weight: 650; line-height: 1.3; margin-bottom: 8px; }
h3 { font-size: 15px; font-weight: 650; }
.head { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0 20px; }
.legend { display: flex; flex-wrap: wrap; gap: 2px 18px; font-size: 13px; }
.lead, .note, .empty, .hint, caption { color: var(--quiet); font-size: 13px; }
.empty { font-size: 15px; }
`
