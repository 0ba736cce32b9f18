"""Parts of Office Open XML (ECMA-376): packages, drawings, equations, Word, slides, sheets."""
