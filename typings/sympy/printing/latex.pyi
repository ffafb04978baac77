from sympy import Basic

class LatexPrinter:
    def doprint(self, expr: Basic) -> str: ...
