/*
 * powers.c - the constants of csrc/math/powers.h, apart from whoever reads them.
 */
#include "../math/powers.h"

#if !MLM_SIMD

const mlm_power_constants mlm_powers = {
    .magic = MLM_POWER_MAGIC,
    .exp2_halved = {0.5f, 0.5f * MLM_EXP2_C1, 0.5f * MLM_EXP2_C2, 0.5f * MLM_EXP2_C3,
                    0.5f * MLM_EXP2_C4, 0.5f * MLM_EXP2_C5},
    .minus_log2_e = -MLM_LOG2_E,
    .ln2_high = MLM_LN2_HIGH,
    .ln2_low = MLM_LN2_LOW,
    .exp_c1 = -0.5f * MLM_EXP_C1,
    .exp_c2 = 0.5f * MLM_EXP_C2,
    .exp_c3 = -0.5f * MLM_EXP_C3,
    .exp_c4 = 0.5f * MLM_EXP_C4,
    .exp_c5 = -0.5f * MLM_EXP_C5,
    .one = 1.0f,
    .two = 2.0f,
    .log1p_c0 = MLM_LOG1P_C0,
    .log1p_c1 = MLM_LOG1P_C1,
    .log1p_c2 = MLM_LOG1P_C2,
    .log1p_c3 = MLM_LOG1P_C3,
    .log1p_c4 = MLM_LOG1P_C4,
};

const mlm_exp2_constants mlm_exp2 = {1.0f,        MLM_EXP2_C1, MLM_EXP2_C2,
                                     MLM_EXP2_C3, MLM_EXP2_C4, MLM_EXP2_C5};

#endif
