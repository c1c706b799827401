"""The look of the decision page: one A4 page on paper, the same on a screen."""

STYLE = """
@page { size: A4 portrait; margin: 9mm 10mm; }
* { box-sizing: border-box; }
html { background: #e9ecef; }
body { width: 190mm; margin: 6mm auto; padding: 8mm; background: white; color: #1c1c1c;
  font: 8pt/1.27 "Helvetica Neue", Arial, "Liberation Sans", "DejaVu Sans", sans-serif; }
header { border-bottom: 0.6mm solid #00664B; padding-bottom: 2mm; margin-bottom: 2mm; }
header.stop { border-color: #B34700; }
.over { font-size: 7.6pt; color: #444; display: flex; justify-content: space-between; }
.badge { background: #1c1c1c; color: white; padding: 0 1.6mm; border-radius: 0.8mm;
  font-weight: 600; letter-spacing: 0.04em; }
h1 { font-size: 18pt; line-height: 1.1; margin: 1.2mm 0 0.8mm; color: #00523c; }
.stop h1 { color: #8f3900; }
.lead { font-size: 9pt; margin: 0; }
h2 { font-size: 8.6pt; margin: 1.6mm 0 0.6mm; color: #00523c; }
.tiles { display: grid; grid-template-columns: repeat(4, 1fr); gap: 2mm; margin: 2mm 0 1mm; }
.tile { border: 0.25mm solid #c9ced3; border-radius: 1mm; padding: 1.1mm 1.8mm; }
.tile b { display: block; font-size: 13pt; line-height: 1.15; }
.tile span { color: #444; font-size: 7.6pt; }
.tile.main { border: 0.5mm solid #00664B; background: #eef7f3; }
img { display: block; width: 100%; height: auto; margin: 0.5mm 0 1mm; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { padding: 0.25mm 1mm; border-bottom: 0.2mm solid #dfe3e6; text-align: right;
  vertical-align: top; }
th { font-weight: 600; color: #333; }
th:first-child, td:first-child { text-align: left; }
td:last-child.word, th:last-child.word { text-align: left; }
td.rule { white-space: nowrap; }
td small { color: #555; font-size: 7pt; }
.chosen { background: #eef7f3; }
.two { display: grid; grid-template-columns: 1.08fr 1fr; gap: 4mm; }
.note { border-left: 0.9mm solid #00664B; padding-left: 1.8mm; margin: 1mm 0; }
.note.conflict { border-color: #D55E00; }
ul { margin: 0; padding-left: 3.4mm; }
footer { margin-top: 1.8mm; padding-top: 1mm; border-top: 0.25mm solid #c9ced3; font-size: 7pt;
  color: #444; }
code { font: 6.8pt "DejaVu Sans Mono", monospace; overflow-wrap: anywhere; }
@media print {
  html { background: white; }
  body { margin: 0; padding: 0; width: auto; }
  * { -webkit-print-color-adjust: exact; print-color-adjust: exact; }
  .tile, table, .note, img { break-inside: avoid; }
}
"""
"""CSS; nothing is fetched from elsewhere, and colours are those of Okabe and Ito."""
