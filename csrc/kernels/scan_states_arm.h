/*
 * scan_states_arm.h - scan_states_int.h for Arm's small cores, all channels of a call in one piece of assembly: there is
 * a register for everything, but for no compiler. With the DSP extension a state is 15 instructions, and one more for
 * each shift above 16; without it 25, and on Cortex-M0 (scan_states_armv6m.h) 42.
 */
#ifndef MLM_SCAN_STATES_ARM_H
#define MLM_SCAN_STATES_ARM_H

/* Assembly takes all registers: clang keeps one for frames, and so does gcc without optimisation; for size, gcc does
 * not use the high ones of Cortex-M0. */
#if defined(__OPTIMIZE__) && !defined(__clang__) && \
    (defined(__thumb2__) || (defined(__ARM_ARCH_6M__) && !defined(__OPTIMIZE_SIZE__)))
#define SCAN_BY_HAND 1
#else
#define SCAN_BY_HAND 0
#endif

#if SCAN_BY_HAND

/* What channels have in common or move on in, as the assembly below finds it. */
typedef struct channel_frame {
    int32_t *y; /* offset 0 */
    const int32_t *factors;
    const int16_t *u, *d;
    int32_t skip_half, skip_shift; /* 16 */
    int32_t c1, c0, one, c2;       /* 24 */
    uint32_t row_bytes;            /* 40: of A */
    const int16_t *bc;
    const int32_t *end; /* 48: of factors */
} channel_frame;

enum { EIGHT = 8, FIRST_SHIFT = 15 /* of a decay in Q30 to Q15 */ };

/* Whether a B and its C can be loaded as a word; else, behind an odd rank, only where addresses do not matter. */
MLM_INLINE int may_load_bc(const int16_t *bc) {
#if defined(__thumb2__)
    (void)bc;
    return 1;
#else
    return (uintptr_t)bc % sizeof(int32_t) == 0;
#endif
}

#if defined(__ARM_FEATURE_DSP)

#define MLM_DRIVES_FOURS 1

/* Channels up to where shifts are not plain; returns how many. As drive_channels in scan_int.c has it. */
static uint32_t drive_fours(const scan_row *row, uint32_t first, uint32_t channels,
                            uint32_t *most) {
    const int32_t *const begin = row->dt + first, *const end = begin + channels;
    const int16_t *u = row->u + first;
    const int32_t *factors = begin, *y = row->y + first;
    uint32_t added = 0, dt, dtu, shift, magnitude;
    if (row->decay_shift > MOST_SHIFT || row->input_shift > MOST_SHIFT) return 0;
    /* clang-format off */
    __asm__ volatile(
        "1:\n"
        "ldr %[dt], [%[factors]]\n"
        "ldrsh %[dtu], [%[u]], #2\n"
        "orr %[shift], %[dt], %[bits_15]\n"
        "clz %[shift], %[shift]\n"
        "rsb %[shift], %[shift], #17\n"
        "asr %[dt], %[dt], %[shift]\n"
        "mul %[dtu], %[dt], %[dtu]\n"
        "eor %[magnitude], %[dtu], %[dtu], asr #31\n"
        "sub %[magnitude], %[magnitude], %[dtu], asr #31\n"
        "orr r12, %[magnitude], %[bits_15]\n"
        "clz r12, r12\n"
        "rsb r12, r12, #17\n"
        "asr %[dtu], %[dtu], r12\n"
        "lsr %[magnitude], %[magnitude], r12\n"
        "pkhbt %[dtu], %[dtu], %[dt], lsl #16\n"
        "sub %[dt], %[decay_shift], %[shift]\n"
        "sub %[shift], %[input_shift], %[shift]\n"
        "sub %[shift], %[shift], r12\n"
        "sub r12, %[dt], %[least]\n"
        "orrs r12, r12, %[shift]\n"
        "bmi 2f\n"
        "mla %[magnitude], %[magnitude], %[most_b], %[most_b]\n"
        "orr %[dt], %[dt], %[shift], lsl #8\n"
        "lsr %[magnitude], %[magnitude], %[shift]\n"
        "str %[dtu], [%[factors]], #4\n"
        "cmp %[magnitude], %[added]\n"
        "it hi\n"
        "movhi %[added], %[magnitude]\n"
        "str %[dt], [%[y]], #4\n"
        "cmp %[factors], %[end]\n"
        "bne 1b\n"
        "2:\n"
        : [factors] "+r"(factors), [y] "+r"(y), [u] "+r"(u), [added] "+r"(added), [dt] "=&r"(dt),
          [dtu] "=&r"(dtu), [shift] "=&r"(shift), [magnitude] "=&r"(magnitude)
        : [decay_shift] "r"(row->decay_shift), [input_shift] "r"(row->input_shift),
          [most_b] "r"(row->most_b), [bits_15] "r"(0x7FFF), [end] "r"(end),
          [least] "i"(LEAST_DECAY_SHIFT)
        : "r12", "cc", "memory");
    /* clang-format on */
    *most = added + ROUNDING;
    return (uint32_t)(factors - begin);
}

#define C2_OF_FRAME (int32_t)((uint32_t)MLM_EXP2_C2 << 16 | (uint32_t)FIRST_SHIFT)

/*
 * Registers: r4 dt, r6 dt u; r5 a constant above a byte that is FIRST_SHIFT, as of a number to shift by only the
 * lowest byte counts; r8 to r10 constants; r11 two elements of A. A product that is shifted by 16 at most has been
 * shifted to the left before, so that 16 is left; others have their factor above their shift. One instruction a line.
 */
/* clang-format off */
#define SHORT_POWER(half) "smulw" half " r12, r4, r11\n"
#define LONG_POWER(half) \
    "smult" half " r12, r4, r11\n" \
    "asr r12, r12, r4\n"
#define SHORT_INPUT "smulwb lr, r6, r12\n"
#define LONG_INPUT \
    "smultb lr, r6, r12\n" \
    "asr lr, lr, r6\n"
#define UPDATE(power, input) \
    power \
    "ubfx lr, r12, #0, #15\n" \
    "smlatb %[t], r5, lr, r8\n" \
    "add r12, r5, r12, asr #15\n" \
    "smlatb %[t], %[t], lr, r9\n" \
    "smlatb %[t], %[t], lr, r10\n" \
    "ldr lr, [%[h]]\n" \
    "lsr %[t], %[t], r12\n" \
    "smulwb %[t], lr, %[t]\n" \
    "ldr r12, [%[bc]], #4\n" \
    input \
    "add %[t], lr, %[t], lsl #1\n" \
    "str %[t], [%[h]], #4\n" \
    "smlawt %[sum], %[t], r12, %[sum]\n"
#define UPDATE_TWO(power, input) \
    "ldr r11, [%[a]], #4\n" \
    UPDATE(power("b"), input) \
    UPDATE(power("t"), input)

#define FOUR(power, input) UPDATE_TWO(power, input) UPDATE_TWO(power, input)
/* On the stack: the frame, and where B and C end. */
#define UNTIL_END(label) \
    "ldr r12, [sp, #4]\n" \
    "cmp %[bc], r12\n" \
    "bne " label "\n"

/* Whole eights of states. Rows of A and h are one behind the other. */
static void update_channels(const int16_t *a, int32_t *h, channel_frame *frame) {
    const int16_t *bc;
    int32_t sum, *t = (int32_t *)(void *)frame;
    __asm__ volatile(
        "ldrd r12, lr, [%[t], #40]\n"
        "add lr, lr, r12, lsl #1\n"
        "push {%[t], lr}\n"
        "ldmia %[t], {r4, r5, r6, r8, r9, r10}\n"
        "1:\n" /* a channel */
        "ldrh r11, [r6], #2\n"
        "ldrh r12, [r8], #2\n"
        "smlabb %[sum], r11, r12, r9\n"
        "ldr r11, [r5], #4\n"
        "asr %[sum], %[sum], r10\n"
        "ldr lr, [r4], #4\n"
        "stmia %[t], {r4, r5, r6, r8}\n"
        "ldr %[bc], [%[t], #44]\n"
        "ldrd r8, r9, [%[t], #24]\n"
        "ldrd r10, r5, [%[t], #32]\n"
        "asr r4, r11, #16\n"
        "lsr r12, lr, #8\n"
        "rsbs r6, r12, #16\n"
        "bmi 5f\n"
        "sxth r11, r11\n"
        "uxtb lr, lr\n"
        "rsbs r12, lr, #16\n"
        "lsl r6, r11, r6\n"
        "bmi 4f\n"
        "lsl r4, r4, r12\n"
        "2:\n" FOUR(SHORT_POWER, SHORT_INPUT) FOUR(SHORT_POWER, SHORT_INPUT)
        UNTIL_END("2b")
        "3:\n" /* the next channel */
        "ldr %[t], [sp]\n"
        "ldmia %[t], {r4, r5, r6, r8, r9, r10}\n"
        "ldr r11, [%[t], #48]\n"
        "str %[sum], [r4, #-4]\n"
        "cmp r5, r11\n"
        "bne 1b\n"
        "b 7f\n"
        "4:\n" /* where dt is small */
        "orr r4, lr, r4, lsl #16\n"
        "6:\n" FOUR(LONG_POWER, SHORT_INPUT) FOUR(LONG_POWER, SHORT_INPUT)
        UNTIL_END("6b")
        "b 3b\n"
        "5:\n" /* where the input is */
        "uxtb lr, lr\n"
        "orr r4, lr, r4, lsl #16\n"
        "orr r6, r12, r11, lsl #16\n"
        "6:\n" FOUR(LONG_POWER, LONG_INPUT)
        UNTIL_END("6b")
        "b 3b\n"
        "7:\n"
        "add sp, sp, #8\n"
        : [a] "+r"(a), [h] "+r"(h), [t] "+r"(t), [bc] "=&r"(bc), [sum] "=&r"(sum)
        :
        : "r4", "r5", "r6", "r8", "r9", "r10", "r11", "r12", "lr", "cc", "memory");
}
#undef UNTIL_END
#undef FOUR
#undef UPDATE_TWO
#undef UPDATE
#undef LONG_INPUT
#undef SHORT_INPUT
#undef LONG_POWER
#undef SHORT_POWER
/* clang-format on */

#elif defined(__thumb2__)

#define C2_OF_FRAME MLM_EXP2_C2

/* r4, r5: dt, dt u; r6: the input's shift; r8 to r11: constants. On the stack: the frame, the decay's shift, and where
 * this channel's A ends. One instruction a line. */
/* clang-format off */
#define UPDATE \
    "ldrsh r12, [%[a]], #2\n" \
    "ldr lr, [sp, #4]\n" \
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

#define FOUR UPDATE UPDATE UPDATE UPDATE

/* Whole eights of states. Rows of A and h are one behind the other. */
static void update_channels(const int16_t *a, int32_t *h, channel_frame *frame) {
    const int16_t *bc;
    int32_t sum, *t = (int32_t *)(void *)frame;
    __asm__ volatile(
        "sub sp, sp, #16\n"
        "str %[t], [sp]\n"
        "1:\n" /* a channel */
        "ldmia %[t], {r4, r5, r6, r8, r9, r10}\n"
        "ldrsh r11, [r6], #2\n"
        "ldrsh r12, [r8], #2\n"
        "mla %[sum], r11, r12, r9\n"
        "ldr r11, [r5], #4\n"
        "asr %[sum], %[sum], r10\n"
        "ldr lr, [r4], #4\n"
        "stmia %[t], {r4, r5, r6, r8}\n"
        "ldrd r12, %[bc], [%[t], #40]\n"
        "uxtb r6, lr\n"
        "add r12, %[a], r12\n"
        "strd r6, r12, [sp, #4]\n"
        "lsr r6, lr, #8\n"
        "asr r4, r11, #16\n"
        "sxth r5, r11\n"
        "ldrd r9, r10, [%[t], #24]\n"
        "ldrd r11, r8, [%[t], #32]\n"
        "2:\n" FOUR FOUR
        "ldr r12, [sp, #8]\n"
        "cmp %[a], r12\n"
        "bne 2b\n"
        "ldr %[t], [sp]\n"
        "ldrd r4, r5, [%[t]]\n"
        "str %[sum], [r4, #-4]\n"
        "ldr r6, [%[t], #48]\n"
        "cmp r5, r6\n"
        "bne 1b\n"
        "add sp, sp, #16\n"
        : [a] "+r"(a), [h] "+r"(h), [t] "+r"(t), [bc] "=&r"(bc), [sum] "=&r"(sum)
        :
        : "r4", "r5", "r6", "r8", "r9", "r10", "r11", "r12", "lr", "cc", "memory");
}
#undef FOUR
#undef UPDATE
/* clang-format on */

#else
#include "scan_states_armv6m.h"
#endif

static MLM_NOINLINE void update_one_by_one_i32(scan_row *row, uint32_t first, uint32_t channels) {
    for (uint32_t c = first; c < first + channels; c++) update_one(row, c, 0, 0);
}

static MLM_NOINLINE void update_all_i32(scan_row *row, uint32_t first, uint32_t channels) {
    static const int16_t no_d[MLM_BOUND_CHANNELS];
    const uint32_t states = row->states, skip_shift = row->d ? (uint32_t)row->skip_shift : 0;
    if (states % EIGHT != 0 || !may_load_bc(row->bc)) {
        update_one_by_one_i32(row, first, channels);
        return;
    }
    channel_frame frame = {.y = row->y + first,
                           .factors = row->dt + first,
                           .u = row->u + first,
                           .d = row->d ? row->d + first : no_d,
                           .skip_half = (int32_t)((1u << skip_shift) >> 1),
                           .skip_shift = (int32_t)skip_shift,
                           .c1 = MLM_EXP2_C1,
                           .c0 = MLM_EXP2_C0,
                           .one = MLM_EXP2_ONE,
                           .c2 = C2_OF_FRAME,
                           .row_bytes = states * (uint32_t)sizeof(int16_t),
                           .bc = row->bc,
                           .end = row->dt + first + channels};
    update_channels(row->a + (size_t)first * states, row->h + (size_t)first * states, &frame);
}

#else

static MLM_NOINLINE void update_all_i32(scan_row *row, uint32_t first, uint32_t channels) {
    for (uint32_t c = first; c < first + channels; c++) update_one(row, c, 0, 0);
}

#endif

#endif
