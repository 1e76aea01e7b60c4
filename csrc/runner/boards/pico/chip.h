/* chip.h - an RP2040's addresses and figures for rp2.c (RP2040 Datasheet: 2.2 address map, 2.14 resets, 2.18 PLL). */
#define CLOCKS 0x40008000u
#define RESETS 0x4000C000u
#define IO_BANK0 0x40014000u
#define PADS_BANK0 0x4001C000u
#define XOSC 0x40024000u
#define PLL_SYS 0x40028000u
#define UART0 0x40034000u
#define RESET_IO_BANK0 (1u << 5)
#define RESET_PADS_BANK0 (1u << 8)
#define RESET_PLL_SYS (1u << 12)
#define RESET_UART0 (1u << 22)
/* 12 MHz times 133 is 1596 MHz, by 6 and by 2. */
enum { CORE_HZ = 133000000, PLL_MULTIPLIER = 133, PLL_DIVIDER_1 = 6, PLL_DIVIDER_2 = 2 };
