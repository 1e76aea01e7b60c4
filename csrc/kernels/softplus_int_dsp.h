/*
 * softplus_int_dsp.h - softplus_int.c for Arm cores with the DSP extension, two channels at a time: they share the loads
 * of constants, for which there are no registers. For it alone.
 */
#ifndef MLM_SOFTPLUS_INT_DSP_H
#define MLM_SOFTPLUS_INT_DSP_H

#define IN_Q30(c) ((c) * (ONE + 1) + HALF)

/* What all channels have in common, as the assembly below finds it. */
typedef struct softplus_frame {
    int32_t log2_e, c2;     /* offset 0: c2, c1, c0 and one are those of i32_exp2.h */
    int32_t c1, c0, one;    /* 8 */
    int32_t r3, r2, r1, r0; /* 20: of the polynomial of softplus_int.c */
    uint32_t room;          /* 36: what takes the largest argument to the end of 16 bits, twice */
    int32_t line, less;     /* 40: shifts, of the argument and of e */
    const int16_t *end;     /* 48: of arguments */
} softplus_frame;

/* The first `channels` in twos; returns how many. */
static uint32_t softplus_twos(int32_t exponent, int32_t most, const int16_t *v, int32_t *dt,
                              uint32_t channels) {
    const uint32_t all = most < 0 ? 0 : channels & ~1u, room = (uint32_t)(ONE - most);
    const softplus_frame frame = {.log2_e = LOG2_E,
                                  .c2 = MLM_EXP2_C2,
                                  .c1 = MLM_EXP2_C1,
                                  .c0 = MLM_EXP2_C0,
                                  .one = MLM_EXP2_ONE,
                                  .r3 = C3,
                                  .r2 = IN_Q30(C2),
                                  .r1 = IN_Q30(C1),
                                  .r0 = IN_Q30(C0),
                                  .room = room << 16 | room,
                                  .line = exponent - ARGUMENT,
                                  .less = 30 - exponent,
                                  .end = v + all};
    uint32_t a, b, p, q, e, g, r, s, k;
    if (all == 0) return 0;
    _Static_assert(IN_Q30(ONE) == MLM_EXP2_ONE, "one constant for both polynomials");
    /* clang-format off */
    __asm__ volatile(
        "1:\n"
        "ldr %[a], [%[v]], #4\n"
        "ldr %[k], [%[frame], #36]\n"
        "qadd16 %[a], %[a], %[k]\n"
        "ssub16 %[a], %[a], %[k]\n"
        "asr %[b], %[a], #16\n"
        "sxth %[a], %[a]\n"
        "ldrd %[k], %[s], [%[frame]]\n"
        "eor %[p], %[a], %[a], asr #31\n"
        "eor %[q], %[b], %[b], asr #31\n"
        "sub %[p], %[p], %[a], asr #31\n"
        "sub %[q], %[q], %[b], asr #31\n"
        "mul %[p], %[p], %[k]\n"
        "mul %[q], %[q], %[k]\n"
        "ldr %[k], [%[frame], #8]\n"
        "ubfx %[e], %[p], #11, #15\n"
        "ubfx %[g], %[q], #11, #15\n"
        "smlabb %[r], %[s], %[e], %[k]\n" /* e in Q30 */
        "smlabb %[s], %[s], %[g], %[k]\n"
        "ldr %[k], [%[frame], #12]\n"
        "bic %[a], %[a], %[a], asr #31\n"
        "bic %[b], %[b], %[b], asr #31\n"
        "smlatb %[r], %[r], %[e], %[k]\n"
        "smlatb %[s], %[s], %[g], %[k]\n"
        "ldr %[k], [%[frame], #16]\n"
        "lsr %[p], %[p], #26\n"
        "lsr %[q], %[q], #26\n"
        "smlatb %[r], %[r], %[e], %[k]\n"
        "smlatb %[s], %[s], %[g], %[k]\n"
        "ldr %[k], [%[frame], #44]\n"
        "asr %[e], %[r], #15\n" /* t in Q15 */
        "asr %[g], %[s], #15\n"
        "asr %[e], %[e], %[p]\n"
        "asr %[g], %[g], %[q]\n"
        "asr %[r], %[r], %[k]\n"
        "asr %[s], %[s], %[k]\n"
        "asr %[r], %[r], %[p]\n"
        "asr %[s], %[s], %[q]\n"
        "ldrd %[k], %[q], [%[frame], #20]\n"
        "smlabb %[p], %[k], %[e], %[q]\n"
        "smlabb %[q], %[k], %[g], %[q]\n"
        "ldr %[k], [%[frame], #28]\n"
        "asr %[p], %[p], #15\n"
        "asr %[q], %[q], #15\n"
        "smlabb %[p], %[p], %[e], %[k]\n"
        "smlabb %[q], %[q], %[g], %[k]\n"
        "ldr %[k], [%[frame], #32]\n"
        "asr %[p], %[p], #15\n"
        "asr %[q], %[q], #15\n"
        "smlabb %[p], %[p], %[e], %[k]\n"
        "smlabb %[q], %[q], %[g], %[k]\n"
        "ldr %[k], [%[frame], #16]\n"
        "asr %[p], %[p], #15\n"
        "asr %[q], %[q], #15\n"
        "smlabb %[p], %[p], %[e], %[k]\n"
        "smlabb %[q], %[q], %[g], %[k]\n"
        "ldr %[k], [%[frame], #40]\n"
        "asr %[p], %[p], #15\n"
        "asr %[q], %[q], #15\n"
        "smulwb %[p], %[r], %[p]\n"
        "smulwb %[q], %[s], %[q]\n"
        "lsl %[a], %[a], %[k]\n"
        "lsl %[b], %[b], %[k]\n"
        "add %[p], %[a], %[p], lsl #1\n"
        "add %[q], %[b], %[q], lsl #1\n"
        "strd %[p], %[q], [%[dt]], #8\n"
        "ldr %[k], [%[frame], #48]\n"
        "cmp %[v], %[k]\n"
        "bne 1b\n"
        : [v] "+r"(v), [dt] "+r"(dt), [a] "=&r"(a), [b] "=&r"(b), [p] "=&r"(p), [q] "=&r"(q),
          [e] "=&r"(e), [g] "=&r"(g), [r] "=&r"(r), [s] "=&r"(s), [k] "=&r"(k)
        : [frame] "r"(&frame)
        : "cc", "memory");
    /* clang-format on */
    return all;
}
#undef IN_Q30

#endif
