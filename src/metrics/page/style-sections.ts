/** What single sections have of their own. */
export const sectionsStyle = `.summary { display: grid; grid-template-columns: 7fr 5fr; gap: 20px 44px; padding: 28px 30px; }
h1 { font-size: 19px; font-weight: 400; line-height: 1.35; }
.big {
  display: block;
  font-size: clamp(34px, 5.4vw, 58px);
  font-weight: 680;
  line-height: 1.08;
  letter-spacing: -0.02em;
  margin-bottom: 8px;
}
.big.good { color: var(--home); }
.big.bad { color: var(--bad); }
.month { margin-top: 10px; color: var(--quiet); }
.month strong { color: var(--ink); }
.next {
  margin-top: 20px;
  padding-left: 14px;
  border-left: 4px solid var(--left);
  list-style: none;
}
.next li + li { margin-top: 6px; }
.figures .bar { margin-bottom: 6px; }
.figures .note { margin-top: 8px; }
.columns {
  display: grid;
  grid-template-columns: minmax(0, 7fr) minmax(0, 5fr);
  gap: 0 16px;
  align-items: start;
}
ol.missed { list-style: none; counter-reset: none; }
.missed > li { padding: 14px 0; border-top: 1px solid var(--line); }
.lead + .missed { margin-top: 12px; }
.reason {
  margin-left: 6px;
  padding: 1px 8px;
  border: 1px solid var(--line);
  border-radius: 10px;
  color: var(--quiet);
  font-size: 12px;
  font-weight: 400;
  white-space: nowrap;
}
.worth strong { color: var(--left); }
.snippet {
  display: grid;
  grid-template-columns: 1fr auto;
  align-items: center;
  gap: 0 12px;
  margin: 8px 0;
  padding: 6px 12px 8px;
  background: var(--code);
  border-radius: 8px;
}
.snippet .label { grid-column: 1 / -1; font-size: 12px; color: var(--quiet); }
.copy { align-self: end; }
details { margin-top: 10px; }
summary { cursor: pointer; font-size: 14px; padding: 2px 0; }
details table { margin-top: 8px; }
form {
  display: grid;
  grid-template-columns: 240px 110px 1fr auto;
  gap: 12px 16px;
  align-items: start;
  margin-top: 12px;
}
form p { display: grid; gap: 3px; }
label { font-size: 13px; font-weight: 600; }
input, select {
  font: inherit;
  width: 100%;
  min-width: 0;
  height: 34px;
  padding: 3px 10px;
  color: var(--ink);
  background: var(--surface);
  border: 1px solid var(--quiet);
  border-radius: 6px;
}
form button {
  margin-top: 22px;
  height: 34px;
  padding: 0 18px;
  background: var(--ink);
  color: var(--surface);
  border-color: var(--ink);
}
.answer { margin-top: 18px; padding: 14px 18px; background: var(--code); border-radius: 8px; }
.answer .from { font-weight: 400; color: var(--quiet); }
.answer ol {
  margin: 8px 0 0 32px;
  font: 13px/1.7 ui-monospace, 'SF Mono', Menlo, Consolas, 'Liberation Mono', monospace;
}
.problem { margin-top: 6px; color: var(--bad); }
footer {
  display: flex;
  flex-wrap: wrap;
  justify-content: space-between;
  gap: 8px 32px;
  padding-bottom: 28px;
  color: var(--quiet);
  font-size: 13px;
}
footer p { max-width: 72ch; }
footer ul { display: flex; flex-wrap: wrap; gap: 4px 18px; list-style: none; }
`
