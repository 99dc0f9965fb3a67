"""The picture of one procedure: one specification for the page's chart, the SVG, the PNG and the report."""
