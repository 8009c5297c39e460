"""How ``pt.check`` tries things out, kind by kind."""
