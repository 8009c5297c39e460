"""Benchmark problems with known fronts.

====================  =============================================================
``onemax``            OneMinMax
``onemax3``           OneMinMax with three objectives
``cocz``              CountingOnesCountingZeroes
``lotz``              LeadingOnesTrailingZeroes
``jump``              OneJumpZeroJump
``bounds``            what is proved about the time an algorithm needs for them
``fronts``            which points of a front a population holds
====================  =============================================================
"""
