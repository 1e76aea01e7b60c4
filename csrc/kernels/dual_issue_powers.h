/*
 * dual_issue_powers.h - the constants of SiLU, the gate and softplus for processors that begin two instructions a cycle.
 * Knows where each lies, which the assembly of dual_issue_silu.h and dual_issue_softplus.h repeats.
 */
#ifndef MLM_DUAL_ISSUE_POWERS_H
#define MLM_DUAL_ISSUE_POWERS_H

#include "../math/powers.h"
#include "cortex_m7.h"

/*
 * e / (2 + e) for 0 < e <= 1 with fused multiply-adds instead of a division, which would hold the pipeline for 16 cycles
 * and leave four lanes nothing to do side by side: an approximation y of 1 / (2 + e), to 2.1e-3 of itself; with the rest
 * r = 1 - (2 + e) y, y + y (r + r^2) is right but for r^3; then e y, corrected by its rest. Gives the quotient's bits
 * for every e (test/native/math_test.c).
 *
 * y is (1 + T3(2 e - 1) / 485) / (2 + e) with Chebyshev's T3: a polynomial, as T3(-5) is -485.
 */
#define MLM_RECIPROCAL_C0 (242.0f / 485.0f)
#define MLM_RECIPROCAL_C1 (-112.0f / 485.0f)
#define MLM_RECIPROCAL_C2 (32.0f / 485.0f)

#if MLM_DUAL_ISSUE

/* Numbers that become sums and are loaded again for each group; then what is loaded once, of which SiLU has the first
 * seven. */
static const float dual_issue_power_constants[] = {0.5f * MLM_EXP_C4, /* [0] */
                                                   0.5f * MLM_EXP_C2,
                                                   0.5f, /* [8] */
                                                   1.0f,
                                                   MLM_LOG1P_C3, /* [16] */
                                                   MLM_LOG1P_C1,
                                                   MLM_RECIPROCAL_C1, /* [24] */
                                                   MLM_RECIPROCAL_C0,
                                                   -MLM_LOG2_E, /* [32] */
                                                   MLM_POWER_MAGIC,
                                                   MLM_LN2_HIGH,
                                                   MLM_LN2_LOW,
                                                   -0.5f * MLM_EXP_C5,
                                                   -0.5f * MLM_EXP_C3,
                                                   -0.5f * MLM_EXP_C1,
                                                   MLM_LOG1P_C4,
                                                   MLM_LOG1P_C2,
                                                   MLM_LOG1P_C0,
                                                   0.0f,
                                                   MLM_RECIPROCAL_C2};
#define POWER_CONSTANTS_ONCE "#32"
_Static_assert(MLM_LOG1P_C0 == 2.0f,
               "log1p's denominator and its first coefficient share a register");

#endif
#endif
