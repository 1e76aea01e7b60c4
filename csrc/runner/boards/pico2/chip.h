/* chip.h - an RP2350's addresses and figures for rp2.c (RP2350 Datasheet: 2.2 address map, 7.5 resets, 8.6 PLL). */
#define CLOCKS 0x40010000u
#define RESETS 0x40020000u
#define IO_BANK0 0x40028000u
#define PADS_BANK0 0x40038000u
#define XOSC 0x40048000u
#define PLL_SYS 0x40050000u
#define UART0 0x40070000u
#define RESET_IO_BANK0 (1u << 6)
#define RESET_PADS_BANK0 (1u << 9)
#define RESET_PLL_SYS (1u << 14)
#define RESET_UART0 (1u << 26)
/* 12 MHz times 125 is 1500 MHz, by 5 and by 2. */
enum { CORE_HZ = 150000000, PLL_MULTIPLIER = 125, PLL_DIVIDER_1 = 5, PLL_DIVIDER_2 = 2 };
