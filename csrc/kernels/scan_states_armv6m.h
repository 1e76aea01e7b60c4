/*
 * scan_states_armv6m.h - the channels of scan_states_arm.h on Cortex-M0, which has too few registers: decays come first,
 * 8 states of them on the stack. For scan_states_arm.h alone.
 */
#ifndef MLM_SCAN_STATES_ARMV6M_H
#define MLM_SCAN_STATES_ARMV6M_H

#define C2_OF_FRAME MLM_EXP2_C2

/* clang-format off */
/* r0: A; r1: decays; r2: c2; r5: dt; r6: its shift. */
#define DECAY(at) \
    "ldrh r3, [r0, #" at "]\n" \
    "muls r3, r5\n" \
    "asrs r3, r6\n" \
    "lsls r4, r3, #17\n" \
    "lsrs r4, #17\n" \
    "asrs r3, #15\n" \
    "adds r3, #15\n" \
    "movs r7, r2\n" \
    "muls r7, r4\n" \
    "add r7, r9\n" \
    "asrs r7, #16\n" \
    "muls r7, r4\n" \
    "add r7, r10\n" \
    "asrs r7, #16\n" \
    "muls r7, r4\n" \
    "add r7, r11\n" \
    "lsrs r7, r3\n" \
    "stmia r1!, {r7}\n"
/* r0: dt u; r1: its shift; r2: B and C; r3: h; r4: 2; lr: the sum. Products of 32 and 16 bits in two, of the
 * upper and the lower half. */
#define UPDATE(decay) \
    "ldr r7, [sp, #" decay "]\n" \
    "ldrh r5, [r3]\n" \
    "ldrsh r6, [r3, r4]\n" \
    "muls r5, r7\n" \
    "muls r6, r7\n" \
    "lsrs r5, #16\n" \
    "adds r5, r6\n" \
    "lsls r5, #1\n" \
    "ldmia r2!, {r7}\n" \
    "sxth r6, r7\n" \
    "muls r6, r0\n" \
    "asrs r6, r1\n" \
    "adds r5, r6\n" \
    "stmia r3!, {r5}\n" \
    "asrs r7, #16\n" \
    "asrs r6, r5, #16\n" \
    "uxth r5, r5\n" \
    "muls r6, r7\n" \
    "muls r5, r7\n" \
    "asrs r5, #16\n" \
    "add lr, r6\n" \
    "add lr, r5\n"

/* Whole eights of states, with B and C in words. Rows of A and h are one behind the other. On the stack: the frame, where
 * B and C end, dt u, its shift, dt, its shift, B and C, 8 decays. h is in r12 but where it is updated. */
static void update_channels(const int16_t *a, int32_t *h, channel_frame *frame) {
    register const int16_t *r0 __asm__("r0") = a;
    register int32_t *r1 __asm__("r1") = h;
    register channel_frame *r2 __asm__("r2") = frame;
    __asm__ volatile(
        ".syntax unified\n"
        "sub sp, #64\n"
        "str r2, [sp]\n"
        "mov r12, r1\n"
        "ldr r3, [r2, #24]\n"
        "mov r9, r3\n"
        "ldr r3, [r2, #28]\n"
        "mov r10, r3\n"
        "ldr r3, [r2, #32]\n"
        "mov r11, r3\n"
        "ldr r3, [r2, #36]\n"
        "mov r8, r3\n"
        "ldr r3, [r2, #40]\n"
        "lsls r3, #1\n" /* of B and C */
        "ldr r4, [r2, #44]\n"
        "adds r3, r4\n"
        "str r3, [sp, #4]\n"
        "1:\n" /* a channel */
        "ldr r7, [sp]\n"
        "ldmia r7!, {r1, r2, r3, r4}\n"
        "movs r6, #0\n"
        "ldrsh r5, [r3, r6]\n"
        "ldrsh r6, [r4, r6]\n"
        "muls r5, r6\n"
        "adds r3, #2\n"
        "adds r4, #2\n"
        "ldr r6, [r7]\n"
        "adds r5, r6\n"
        "ldr r6, [r7, #4]\n"
        "asrs r5, r6\n"
        "mov lr, r5\n"
        "ldmia r2!, {r5}\n"
        "ldmia r1!, {r6}\n"
        "subs r7, #16\n"
        "stmia r7!, {r1, r2, r3, r4}\n"
        "sxth r1, r5\n"
        "str r1, [sp, #8]\n"
        "lsrs r1, r6, #8\n"
        "str r1, [sp, #12]\n"
        "asrs r1, r5, #16\n"
        "str r1, [sp, #16]\n"
        "uxtb r1, r6\n"
        "str r1, [sp, #20]\n"
        "ldr r1, [r7, #28]\n"
        "str r1, [sp, #24]\n"
        "2:\n" /* eight states */
        "ldr r5, [sp, #16]\n"
        "ldr r6, [sp, #20]\n"
        "add r1, sp, #28\n"
        "mov r2, r8\n"
        DECAY("0") DECAY("2") DECAY("4") DECAY("6")
        DECAY("8") DECAY("10") DECAY("12") DECAY("14")
        "adds r0, #16\n"
        "mov r3, r12\n"
        "mov r12, r0\n"
        "ldr r0, [sp, #8]\n"
        "ldr r1, [sp, #12]\n"
        "ldr r2, [sp, #24]\n"
        "movs r4, #2\n"
        UPDATE("28") UPDATE("32") UPDATE("36") UPDATE("40")
        UPDATE("44") UPDATE("48") UPDATE("52") UPDATE("56")
        "str r2, [sp, #24]\n"
        "mov r0, r12\n"
        "mov r12, r3\n"
        "ldr r1, [sp, #4]\n"
        "cmp r2, r1\n"
        "beq 3f\n"
        "b 2b\n"
        "3:\n"
        "ldr r7, [sp]\n"
        "ldmia r7!, {r1, r2}\n"
        "subs r1, #4\n"
        "mov r3, lr\n"
        "str r3, [r1]\n"
        "ldr r3, [r7, #40]\n"
        "cmp r2, r3\n"
        "beq 4f\n"
        "b 1b\n"
        "4:\n"
        "add sp, #64\n"
        : "+r"(r0), "+r"(r1), "+r"(r2)
        :
        : "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12", "lr", "cc", "memory");
}
#undef UPDATE
#undef DECAY
/* clang-format on */

#endif
