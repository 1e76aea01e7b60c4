/* pins.h - the console of an STM32F405 board without a debugger's serial port: USART1 on PA9 and PA10 (DS8626, table 9),
 * for an adapter of 3.3 V. It is QEMU's first serial line. */
#define PINS_USART 0x40011000u
/* RM0090, 7.3.14: APB2ENR. */
#define PINS_USART_ENABLE 0x40023844u
#define PINS_USART_ENABLE_BIT (1u << 4)
#define PINS_BUS_DIVIDER 2u
enum { PINS_TRANSMIT = 9, PINS_RECEIVE = 10 };
/* RM0090, 5.4.1: VOS is one bit. */
#define PINS_PWR_CR_SCALE_1 (1u << 14)
