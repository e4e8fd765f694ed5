/** What changes where the window is narrow: it stands last, above all else. */
export const narrowStyle = `@media (max-width: 900px) {
  .columns, .summary { grid-template-columns: minmax(0, 1fr); }
  form { grid-template-columns: 1fr 110px; }
  form .wide { grid-column: 1 / -1; }
  form button { margin-top: 0; }
}
@media (max-width: 560px) {
  header, main, footer { padding-left: 12px; padding-right: 12px; }
  section { padding: 16px 14px; border-radius: 10px; }
  .summary { padding: 20px 16px; }
  .fresh { margin-left: 0; }
  th, td { padding-left: 10px; }
  .regions th:first-child { width: 42%; }
  table { font-size: 13px; }
}
`
