/*
 * clock.c - runs clock_init of an exported project on this machine, over a table of registers with the
 * reset values of RM0433, and prints what the chip would run at, and every rule that is broken on the
 * way. The rules are decoded here from the registers alone; nothing is taken from the code under test.
 * Arguments: revision (hexadecimal), then optionally the register whose ready bits never come.
 */
#include <stdio.h>
#include <stdlib.h>

#include "startup.h"
#include "stm32h743-clock.h"

enum {
    RCC_CR,
    RCC_CFGR,
    RCC_D1CFGR,
    RCC_D2CFGR,
    RCC_D3CFGR,
    RCC_PLLCKSELR,
    RCC_PLLCFGR,
    RCC_PLL1DIVR,
    RCC_APB4ENR,
    PWR_CSR1,
    PWR_CR3,
    PWR_D3CR,
    SYSCFG_PWRCR,
    FLASH_ACR,
    DBGMCU_IDC,
    REGISTERS
};

static struct {
    const char *name;
    uint32_t address, value;
} table[REGISTERS] = {
    [RCC_CR] = {"RCC_CR", 0x58024400, 0x00000025},
    [RCC_CFGR] = {"RCC_CFGR", 0x58024410, 0},
    [RCC_D1CFGR] = {"RCC_D1CFGR", 0x58024418, 0},
    [RCC_D2CFGR] = {"RCC_D2CFGR", 0x5802441C, 0},
    [RCC_D3CFGR] = {"RCC_D3CFGR", 0x58024420, 0},
    [RCC_PLLCKSELR] = {"RCC_PLLCKSELR", 0x58024428, 0x02020200},
    [RCC_PLLCFGR] = {"RCC_PLLCFGR", 0x5802442C, 0x01FF0000},
    [RCC_PLL1DIVR] = {"RCC_PLL1DIVR", 0x58024430, 0x01010280},
    [RCC_APB4ENR] = {"RCC_APB4ENR", 0x580244F4, 0x00010000},
    [PWR_CSR1] = {"PWR_CSR1", 0x58024804, 0},
    [PWR_CR3] = {"PWR_CR3", 0x5802480C, 6},
    [PWR_D3CR] = {"PWR_D3CR", 0x58024818, 0x00004000},
    [SYSCFG_PWRCR] = {"SYSCFG_PWRCR", 0x5800042C, 0},
    [FLASH_ACR] = {"FLASH_ACR", 0x52002000, 0x37},
    [DBGMCU_IDC] = {"DBGMCU_IDC", 0x5C001000, 0x00000450},
};

static const char *stuck = "";

static uint32_t bits(int which, int shift, int count) {
    return table[which].value >> shift & ((1u << count) - 1u);
}

static void rule(int holds, const char *text) {
    if (!holds) printf("broken: %s\n", text);
}

static void set_ready(int which, uint32_t mask, int is_ready) {
    if (table[which].name == stuck) is_ready = 0;
    table[which].value = (table[which].value & ~mask) | (is_ready ? mask : 0);
}

static double pll_hz(void) {
    const double input = 64e6 / bits(RCC_PLLCKSELR, 4, 6);
    const double vco = input * (bits(RCC_PLL1DIVR, 0, 9) + 1);
    const double least = bits(RCC_PLLCFGR, 2, 2) == 0   ? 1e6
                         : bits(RCC_PLLCFGR, 2, 2) == 1 ? 2e6
                         : bits(RCC_PLLCFGR, 2, 2) == 2 ? 4e6
                                                        : 8e6;
    const double most_vco = table[DBGMCU_IDC].value >> 16 >= 0x2000 ? 960e6 : 836e6;
    rule(bits(RCC_PLLCKSELR, 0, 2) == 0, "PLL1 runs from the HSI");
    rule(input >= least && input <= 2 * least, "PLL1's input is within PLL1RGE");
    rule(bits(RCC_PLLCFGR, 1, 1) == 0 && vco >= 192e6 && vco <= most_vco,
         "the VCO is in its wide range");
    rule(bits(RCC_PLLCFGR, 0, 1) == 0 && bits(RCC_PLLCFGR, 16, 1) == 1,
         "PLL1 gives P, without fraction");
    rule(bits(RCC_PLL1DIVR, 9, 7) % 2 == 1, "DIVP1 is even");
    return vco / (bits(RCC_PLL1DIVR, 9, 7) + 1);
}

static int apb_divider(uint32_t field) { return field < 4 ? 1 : 2 << (field - 4); }

/* What holds once the core runs from the PLL: DS12110, general operating conditions; RM0433. */
static void check_switch(void) {
    const double core = pll_hz();
    const uint32_t hpre = bits(RCC_D1CFGR, 0, 4);
    const double bus = core / (hpre < 8 ? 1 : hpre < 12 ? 2 << (hpre - 8) : 64 << (hpre - 12));
    const int is_vos0 = bits(PWR_D3CR, 14, 2) == 3 && bits(SYSCFG_PWRCR, 0, 1) == 1;
    const double most = is_vos0 ? 480e6 : bits(PWR_D3CR, 14, 2) == 3 ? 400e6 : 200e6;
    rule(core <= most && bus <= most / 2, "core and AXI are within what the voltage allows");
    rule(bits(RCC_D1CFGR, 8, 4) == 0, "the core is not divided");
    const double most_apb = most / 4;
    rule(bus / apb_divider(bits(RCC_D1CFGR, 4, 3)) <= most_apb, "APB3");
    rule(bus / apb_divider(bits(RCC_D2CFGR, 4, 3)) <= most_apb, "APB1");
    rule(bus / apb_divider(bits(RCC_D2CFGR, 8, 3)) <= most_apb, "APB2");
    rule(bus / apb_divider(bits(RCC_D3CFGR, 4, 3)) <= most_apb, "APB4");
    rule(bits(FLASH_ACR, 0, 4) >= (bus > 225e6 ? 4 : 2) && bits(FLASH_ACR, 4, 2) >= 2,
         "wait states");
    rule(bits(RCC_CR, 24, 2) == 3, "PLL1 is on and ready before it is used");
}

/* What the hardware makes of what has been written so far. */
static void settle(void) {
    const int is_supplied = bits(PWR_CR3, 0, 3) == 2;
    static int was_switched;
    set_ready(PWR_CSR1, 1u << 13, is_supplied);
    set_ready(PWR_D3CR, 1u << 13, is_supplied);
    set_ready(RCC_CR, 1u << 25, bits(RCC_CR, 24, 1));
    if (bits(SYSCFG_PWRCR, 0, 1)) {
        rule(bits(RCC_APB4ENR, 1, 1) == 1, "SYSCFG has its clock before it is written");
        rule(bits(PWR_D3CR, 14, 2) == 3, "VOS1 comes before VOS0");
        rule(table[DBGMCU_IDC].value >> 16 >= 0x2000, "revision Y has no VOS0");
    }
    const int is_switched = bits(RCC_CFGR, 0, 3) == 3;
    if (is_switched && !was_switched) check_switch();
    was_switched = is_switched;
    table[RCC_CFGR].value = (table[RCC_CFGR].value & ~0x38u) | bits(RCC_CFGR, 0, 3) << 3;
}

volatile uint32_t *register_at(uint32_t address) {
    settle();
    for (int i = 0; i < REGISTERS; i++)
        if (table[i].address == address) return &table[i].value;
    printf("broken: no register at %08x\n", (unsigned)address);
    exit(1);
}

int main(int count, char **arguments) {
    table[DBGMCU_IDC].value |= (uint32_t)strtoul(arguments[1], NULL, 16) << 16;
    for (int i = 0; i < REGISTERS && count > 2; i++) {
        const char *name = table[i].name, *other = arguments[2];
        while (*name != '\0' && *name == *other) name++, other++;
        if (*name == *other) stuck = table[i].name;
    }
    const uint32_t told = clock_init();
    settle();
    printf("told %u\n", (unsigned)told);
    printf("runs %.0f\n", bits(RCC_CFGR, 3, 3) == 3 ? pll_hz() : 64e6);
    return 0;
}
