/*
 * emulator-interrupts.h - the interrupts of the IoT Kit in QEMU's mps2-an505 (Arm ECM0601256, 3.5), those
 * inside it, in the order of the NVIC. NAME is handled by a function NAME_IRQHandler. Included by vectors.c,
 * which says what the two macros make of a line.
 */
/* clang-format off */
INTERRUPT(0, NONSEC_WATCHDOG_RESET)
INTERRUPT(1, NONSEC_WATCHDOG)
INTERRUPT(2, S32K_TIMER)
INTERRUPT(3, TIMER0)
INTERRUPT(4, TIMER1)
INTERRUPT(5, DUALTIMER)
RESERVED(6)
RESERVED(7)
RESERVED(8)
INTERRUPT(9, MPC)
INTERRUPT(10, PPC)
INTERRUPT(11, MSC)
INTERRUPT(12, BRIDGE_ERROR)
