/*
 * stm32h743-clock.c - the clock tree of an STM32H743: supply, core voltage, flash wait states, bus
 * dividers and PLL1, from the internal oscillator, so that no board needs a crystal for it. Written
 * from ST's Reference Manual RM0433 and Datasheet DS12110; compiled and linked, not run on silicon.
 * An application with clocks of its own replaces this file. The emulator's build does not have it.
 */
#include "stm32h743-clock.h"

#include "board.h"
#include "startup.h"

/* Supply and core voltage: RM0433, registers of PWR. */
#define PWR_CSR1 0x58024804u
#define PWR_CSR1_ACTVOSRDY (1u << 13)
#define PWR_CR3 0x5802480Cu
#define PWR_CR3_SUPPLY (7u << 0) /* SCUEN, LDOEN, BYPASS */
#define PWR_CR3_LDOEN (1u << 1)
#define PWR_D3CR 0x58024818u
#define PWR_D3CR_VOSRDY (1u << 13)
#define PWR_D3CR_VOS1 (3u << 14)

/* The step from VOS1 to VOS0: RM0433, "VOS0 activation sequence"; registers of RCC and SYSCFG. */
#define RCC_APB4ENR 0x580244F4u
#define RCC_APB4ENR_SYSCFG (1u << 1)
#define SYSCFG_PWRCR 0x5800042Cu
#define SYSCFG_PWRCR_ODEN (1u << 0)

/* RM0433, "FLASH recommended number of wait states and programming delay": 4 wait states up to 240 MHz on AXI at VOS0, more
 * than VOS1 needs for 200 MHz. */
#define FLASH_ACR 0x52002000u
#define FLASH_ACR_FIELDS 0x3Fu
#define FLASH_ACR_240_MHZ (2u << 4 | 4u << 0) /* WRHIGHFREQ, LATENCY */

/* Clocks: RM0433, registers of RCC. */
#define RCC_CR 0x58024400u
#define RCC_CR_PLL1ON (1u << 24)
#define RCC_CR_PLL1RDY (1u << 25)
#define RCC_CFGR 0x58024410u
#define RCC_CFGR_SW_PLL1 (3u << 0)
#define RCC_CFGR_SWS (7u << 3)
#define RCC_CFGR_SWS_PLL1 (3u << 3)
#define RCC_D1CFGR 0x58024418u
#define RCC_D1CFGR_HALVES (4u << 4 | 8u << 0) /* D1PPRE, HPRE: by 2; D1CPRE: by 1 */
#define RCC_D2CFGR 0x5802441Cu
#define RCC_D2CFGR_HALVES (4u << 8 | 4u << 4) /* D2PPRE2, D2PPRE1: by 2 */
#define RCC_D3CFGR 0x58024420u
#define RCC_D3CFGR_HALVES (4u << 4) /* D3PPRE: by 2 */
#define RCC_PLLCKSELR 0x58024428u
#define RCC_PLLCKSELR_DIVM1_SHIFT 4 /* PLLSRC 0: HSI */
#define RCC_PLLCFGR 0x5802442Cu
#define RCC_PLLCFGR_PLL1 (1u << 16 | 2u << 2) /* DIVP1EN; PLL1RGE: 4 to 8 MHz; VCOSEL 0: wide */
#define RCC_PLL1DIVR 0x58024430u

/* Revision V (0x2003) and X run at 480 MHz; Y (0x1003) and Z know no VOS0 and stop at 400 MHz:
 * RM0433, DBGMCU identity code; DS12110, general operating conditions, which also want a junction
 * below 105 degrees for VOS0. */
#define DBGMCU_IDC 0x5C001000u
#define FIRST_REVISION_WITH_VOS0 0x2000u
#define CLOCK_WITHOUT_VOS0_HZ 400000000u

/* 64 MHz / 10 = 6.4 MHz; times 150 is 960 MHz, times 125 is 800 MHz; divided by 2. */
enum { DIVIDE_INPUT = 10, DIVIDE_OUTPUT = 2 };
#define MULTIPLIER(hz) ((hz)*DIVIDE_OUTPUT / (HSI_HZ / DIVIDE_INPUT))
#define MADE_HZ(hz) (MULTIPLIER(hz) * (HSI_HZ / DIVIDE_INPUT) / DIVIDE_OUTPUT)

_Static_assert(BOARD_CLOCK_HZ == HSI_HZ || MADE_HZ(BOARD_CLOCK_HZ) == BOARD_CLOCK_HZ,
               "PLL1 makes no such clock");
_Static_assert(MADE_HZ(CLOCK_WITHOUT_VOS0_HZ) == CLOCK_WITHOUT_VOS0_HZ, "PLL1 makes no such clock");

/* Many times what any of these takes at 64 MHz. */
enum { PATIENCE = 1000000 };

/* Whether the bits of `mask` became `value`. */
static int becomes(uint32_t address, uint32_t mask, uint32_t value) {
    for (int i = 0; i < PATIENCE; i++)
        if ((REGISTER(address) & mask) == value) return 1;
    return 0;
}

/* The LDO alone, as out of reset; writing it, possible once after power-on, unlocks the voltage. */
static int choose_supply(void) {
    REGISTER(PWR_CR3) = (REGISTER(PWR_CR3) & ~PWR_CR3_SUPPLY) | PWR_CR3_LDOEN;
    return becomes(PWR_CSR1, PWR_CSR1_ACTVOSRDY, PWR_CSR1_ACTVOSRDY);
}

static int raise_to_vos1(void) {
    REGISTER(PWR_D3CR) |= PWR_D3CR_VOS1;
    return becomes(PWR_D3CR, PWR_D3CR_VOSRDY, PWR_D3CR_VOSRDY);
}

static int raise_to_vos0(void) {
    REGISTER(RCC_APB4ENR) |= RCC_APB4ENR_SYSCFG;
    (void)REGISTER(RCC_APB4ENR); /* the clock runs two cycles after the write */
    REGISTER(SYSCFG_PWRCR) |= SYSCFG_PWRCR_ODEN;
    return becomes(PWR_D3CR, PWR_D3CR_VOSRDY, PWR_D3CR_VOSRDY);
}

/* Core, AXI and AHB at 1, 1/2 and 1/2 of the PLL, every APB at 1/4: 240 and 120 MHz at most. */
static int slow_down_buses(void) {
    REGISTER(FLASH_ACR) = FLASH_ACR_240_MHZ;
    REGISTER(RCC_D1CFGR) = RCC_D1CFGR_HALVES;
    REGISTER(RCC_D2CFGR) = RCC_D2CFGR_HALVES;
    REGISTER(RCC_D3CFGR) = RCC_D3CFGR_HALVES;
    return becomes(FLASH_ACR, FLASH_ACR_FIELDS, FLASH_ACR_240_MHZ);
}

static int run_from_pll(uint32_t hz) {
    REGISTER(RCC_PLLCKSELR) = DIVIDE_INPUT << RCC_PLLCKSELR_DIVM1_SHIFT;
    REGISTER(RCC_PLLCFGR) = RCC_PLLCFGR_PLL1;
    REGISTER(RCC_PLL1DIVR) = (DIVIDE_OUTPUT - 1u) << 9 | (MULTIPLIER(hz) - 1u);
    REGISTER(RCC_CR) |= RCC_CR_PLL1ON;
    if (!becomes(RCC_CR, RCC_CR_PLL1RDY, RCC_CR_PLL1RDY)) return 0;
    REGISTER(RCC_CFGR) |= RCC_CFGR_SW_PLL1;
    return becomes(RCC_CFGR, RCC_CFGR_SWS, RCC_CFGR_SWS_PLL1);
}

uint32_t clock_init(void) {
    if (BOARD_CLOCK_HZ == HSI_HZ) return HSI_HZ;
    if (!choose_supply() || !raise_to_vos1()) return HSI_HZ;
    const int has_vos0 = REGISTER(DBGMCU_IDC) >> 16 >= FIRST_REVISION_WITH_VOS0;
    const uint32_t hz = has_vos0 ? BOARD_CLOCK_HZ : CLOCK_WITHOUT_VOS0_HZ;
    if (has_vos0 && !raise_to_vos0()) return HSI_HZ;
    return slow_down_buses() && run_from_pll(hz) ? hz : HSI_HZ;
}
