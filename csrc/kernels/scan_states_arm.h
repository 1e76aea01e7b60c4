/*
 * scan_states_arm.h - scan_states_int.h for Arm's small cores. With the DSP extension a state is 18 instructions; there is a
 * register for everything, but for no other compiler than this assembly. Without it there are too few: decays come
 * first, 16 states of them on the stack.
 */
#ifndef MLM_SCAN_STATES_ARM_H
#define MLM_SCAN_STATES_ARM_H

/* Assembly takes all registers: clang keeps one for frames, and so does gcc without optimisation; for size, gcc does
 * not use the high ones of Cortex-M0. */
#if defined(__OPTIMIZE__) && !defined(__clang__)
#define SCAN_BY_HAND 1
#else
#define SCAN_BY_HAND 0
#endif

#if defined(__thumb2__) && SCAN_BY_HAND

/* What is above its lowest byte does not matter to a shift: the number of turns less 1 is there. */
#define TURN (1 << 8)

/* Registers are filled from memory: of so many operands compilers lose track. One instruction a line. */
/* clang-format off */
#if defined(__ARM_FEATURE_DSP)

/* r4: dt above dt u; r5: a constant above a shift; r6: a shift below the turns; r8 to r10: constants; r11: two
 * elements of A. */
#define FILLED "{r4, r5, r6, r8, r9, r10}"
#define REGISTERS {0, 0, 0, MLM_EXP2_C1, MLM_EXP2_C0, MLM_EXP2_ONE}
#define UPDATE(product) \
    product " r12, r4, r11\n" \
    "asr r12, r12, r5\n" \
    "ubfx lr, r12, #0, #15\n" \
    "asr r12, r12, #15\n" \
    "smlatb %[t], r5, lr, r8\n" \
    "add r12, r12, #15\n" \
    "smlatb %[t], %[t], lr, r9\n" \
    "smlatb %[t], %[t], lr, r10\n" \
    "ldr lr, [%[h]]\n" \
    "lsr %[t], %[t], r12\n" \
    "smulwb %[t], lr, %[t]\n" \
    "ldr r12, [%[bc]], #4\n" \
    "smulbb lr, r4, r12\n" \
    "asr lr, lr, r6\n" \
    "add %[t], lr, %[t], lsl #1\n" \
    "str %[t], [%[h]], #4\n" \
    "smlawt %[sum], %[t], r12, %[sum]\n"
#define UPDATE_TWO \
    "ldr r11, [%[a]], #4\n" \
    UPDATE("smultb") \
    UPDATE("smultt")
#else

/* r4, r5: dt, dt u; r6: a shift below the turns; r8 to r11: constants. The other shift is in memory. */
#define FILLED "{r4, r5, r6, r8, r9, r10, r11}"
#define REGISTERS {0, 0, 0, MLM_EXP2_C2, MLM_EXP2_C1, MLM_EXP2_C0, MLM_EXP2_ONE}
#define UPDATE \
    "ldrsh r12, [%[a]], #2\n" \
    "ldr lr, %[decay_shift]\n" \
    "mul r12, r12, r4\n" \
    "asr r12, r12, lr\n" \
    "ubfx lr, r12, #0, #15\n" \
    "asr r12, r12, #15\n" \
    "mla %[t], lr, r8, r9\n" \
    "add r12, r12, #15\n" \
    "asr %[t], %[t], #16\n" \
    "mla %[t], %[t], lr, r10\n" \
    "asr %[t], %[t], #16\n" \
    "mla %[t], %[t], lr, r11\n" \
    "ldr lr, [%[h]]\n" \
    "lsr %[t], %[t], r12\n" \
    "lsl %[t], %[t], #16\n" \
    "smull r12, %[t], lr, %[t]\n" \
    "ldr lr, [%[bc]], #4\n" \
    "sxth r12, lr\n" \
    "mul r12, r12, r5\n" \
    "asr r12, r12, r6\n" \
    "add %[t], r12, %[t], lsl #1\n" \
    "str %[t], [%[h]], #4\n" \
    "bfc lr, #0, #16\n" \
    "smull r12, lr, %[t], lr\n" \
    "add %[sum], %[sum], lr\n"
#define UPDATE_TWO UPDATE UPDATE

#endif

/* Channels in a row: h and A of one end where those of the next one begin. */
MLM_INLINE void update_fours(scan_row *row, uint32_t first, uint32_t channels) {
    const int16_t *a = row->a + (size_t)first * row->states;
    int32_t *h = row->h + (size_t)first * row->states;
    const int32_t turns = (int32_t)(row->states / TOGETHER - 1) * TURN;
    for (uint32_t c = first; c < first + channels; c++) {
        const drive by = {(uint32_t)row->dt[c], (uint32_t)row->y[c]};
        const int16_t *bc = row->bc;
        const int32_t decay_shift = decay_shift_of(by);
        int32_t *t = row->registers, sum = skip_of(row, c);
#if defined(__ARM_FEATURE_DSP)
        t[0] = (int32_t)by.factors;
        t[1] = (int32_t)((uint32_t)MLM_EXP2_C2 << 16 | (uint32_t)decay_shift);
#else
        t[0] = dt_of(by);
        t[1] = dtu_of(by);
#endif
        t[2] = shift_of(by) + turns;
        __asm__ volatile(
            "ldmia %[t], " FILLED "\n"
            "1:\n" UPDATE_TWO UPDATE_TWO
            "subs r6, r6, %[turn]\n"
            "bpl 1b\n"
            : [a] "+r"(a), [h] "+r"(h), [bc] "+r"(bc), [sum] "+r"(sum), [t] "+r"(t)
            : [turn] "i"(TURN), [decay_shift] "m"(decay_shift)
            : "r4", "r5", "r6", "r8", "r9", "r10", "r11", "r12", "lr", "cc", "memory");
        row->y[c] = sum;
    }
}
#undef UPDATE_TWO
#undef UPDATE
/* clang-format on */

static MLM_NOINLINE void update_all_i32(scan_row *row, uint32_t first, uint32_t channels) {
    if (row->states % TOGETHER == 0)
        update_fours(row, first, channels);
    else
        for (uint32_t c = first; c < first + channels; c++) update_one(row, c, 0, 0);
}

#elif defined(__ARM_ARCH_6M__) && SCAN_BY_HAND && !defined(__OPTIMIZE_SIZE__)

enum { MOST_DECAYS = 16 };

/* clang-format off */
MLM_INLINE void decays_of(const int16_t *a, uint32_t states, int32_t dt, int32_t decay_shift,
                          int32_t *decays) {
    int32_t i = -2 * (int32_t)states;
    uint32_t p, f, t;
    __asm__ volatile(
        ".syntax unified\n"
        "1:\n"
        "ldrsh %[p], [%[a], %[i]]\n"
        "muls %[p], %[dt]\n"
        "asrs %[p], %[shift]\n"
        "lsls %[f], %[p], #17\n"
        "lsrs %[f], #17\n"
        "asrs %[p], #15\n"
        "adds %[p], #15\n"
        "mov %[t], %[c2]\n"
        "muls %[t], %[f]\n"
        "add %[t], %[c1]\n"
        "asrs %[t], #16\n"
        "muls %[t], %[f]\n"
        "add %[t], %[c0]\n"
        "asrs %[t], #16\n"
        "muls %[t], %[f]\n"
        "add %[t], %[one]\n"
        "lsrs %[t], %[p]\n"
        "stmia %[d]!, {%[t]}\n"
        "adds %[i], #2\n"
        "bne 1b\n"
        : [i] "+l"(i), [d] "+l"(decays), [p] "=&l"(p), [f] "=&l"(f), [t] "=&l"(t)
        : [a] "l"(a + states), [dt] "l"(dt), [shift] "l"(decay_shift), [c2] "h"(MLM_EXP2_C2),
          [c1] "h"(MLM_EXP2_C1), [c0] "h"(MLM_EXP2_C0), [one] "h"(MLM_EXP2_ONE)
        : "cc", "memory");
}

/* bc in words. Products of 32 and 16 bits in two, of the upper and the lower half. */
MLM_INLINE int32_t update_words(const int32_t *decays, int32_t *h, const int16_t *bc, uint32_t states,
                                int32_t dtu, int32_t shift) {
    const int32_t *end = decays + states;
    int32_t sum = 0;
    uint32_t t, u, w;
    __asm__ volatile(
        ".syntax unified\n"
        "1:\n"
        "ldmia %[d]!, {%[w]}\n"
        "ldr %[t], [%[h]]\n"
        "asrs %[u], %[t], #16\n"
        "uxth %[t], %[t]\n"
        "muls %[u], %[w]\n"
        "muls %[t], %[w]\n"
        "lsrs %[t], #16\n"
        "adds %[t], %[u]\n"
        "lsls %[t], #1\n"
        "ldmia %[bc]!, {%[w]}\n"
        "sxth %[u], %[w]\n"
        "muls %[u], %[dtu]\n"
        "asrs %[u], %[shift]\n"
        "adds %[t], %[u]\n"
        "stmia %[h]!, {%[t]}\n"
        "asrs %[w], #16\n"
        "asrs %[u], %[t], #16\n"
        "uxth %[t], %[t]\n"
        "muls %[u], %[w]\n"
        "muls %[t], %[w]\n"
        "asrs %[t], #16\n"
        "add %[y], %[u]\n"
        "add %[y], %[t]\n"
        "cmp %[d], %[end]\n"
        "bne 1b\n"
        : [d] "+l"(decays), [h] "+l"(h), [bc] "+l"(bc), [y] "+h"(sum), [t] "=&l"(t), [u] "=&l"(u), [w] "=&l"(w)
        : [dtu] "l"(dtu), [shift] "l"(shift), [end] "h"(end)
        : "cc", "memory");
    return sum;
}
/* clang-format on */

static int may_update_words(const int16_t *bc) { return (uintptr_t)bc % sizeof(int32_t) == 0; }

/* One channel. */
MLM_INLINE void update_decayed(scan_row *row, uint32_t c) {
    const drive by = {(uint32_t)row->dt[c], (uint32_t)row->y[c]};
    const size_t at = (size_t)c * row->states;
    int32_t decays[MOST_DECAYS], sum = skip_of(row, c);
    for (uint32_t done = 0; done < row->states; done += MOST_DECAYS) {
        const uint32_t left = row->states - done, count = left < MOST_DECAYS ? left : MOST_DECAYS;
        decays_of(row->a + at + done, count, dt_of(by), decay_shift_of(by), decays);
        sum = i32_add(sum, update_words(decays, row->h + at + done, row->bc + 2 * done, count,
                                        dtu_of(by), shift_of(by)));
    }
    row->y[c] = sum;
}

static MLM_NOINLINE void update_all_i32(scan_row *row, uint32_t first, uint32_t channels) {
    if (may_update_words(row->bc))
        for (uint32_t c = first; c < first + channels; c++) update_decayed(row, c);
    else
        for (uint32_t c = first; c < first + channels; c++) update_one(row, c, 0, 0);
}

#else

static MLM_NOINLINE void update_all_i32(scan_row *row, uint32_t first, uint32_t channels) {
    for (uint32_t c = first; c < first + channels; c++) update_one(row, c, 0, 0);
}

#endif

#endif
