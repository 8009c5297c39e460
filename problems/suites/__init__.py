"""Benchmark problems with known fronts.

====================  =============================================================
``onemax``            OneMinMax
``cocz``              CountingOnesCountingZeroes
``lotz``              LeadingOnesTrailingZeroes
``jump``              OneJumpZeroJump
``bounds``            what is proved about the time an algorithm needs for them
``fronts``            which points of a front a population holds
====================  =============================================================
"""
